"""The command `replgym`: what went wrong is one line on stderr, and the exit code says whose fault it was."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from .agents.command_line.exit_code import ExitCode

if TYPE_CHECKING:
    from .agents.rollouts.stop_signals import RunStoppedError

_COMMANDS = {
    "eval": "command_line.cli_eval",
    "compare": "command_line.cli_compare",
    "ablate": "command_line.cli_ablate",
    "report": "command_line.cli_report",
    "view": "command_line.cli_view",
    "replay": "command_line.cli_replay",
    "rescore": "command_line.cli_rescore",
    "notebook": "command_line.cli_notebook",
    "train": "training.cli",
    "watch": "command_line.cli_watch",
    "sft": "sft.cli",
    "serve": "command_line.cli_serve",
    "data": "command_line.cli_data",
    "doctor": "command_line.cli_doctor",
}
"""Command -> its module in the room `agents`; only that of the command that runs is imported."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            options = re.findall(r"^  (?:-\w.*?, )?(--[\w-]+)", self.format_help(), re.MULTILINE)
            message += f"; use some of: {', '.join(options)}"
        sys.stderr.write(f"{self.prog}: {message}; see {self.prog} --help\n")
        raise SystemExit(ExitCode.USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code: an `ExitCode`, or 143 after SIGTERM.
    """
    try:
        code = _exit_code(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads the output has enough of it, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CLOSED_PIPE
    return code


def _exit_code(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parse(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.USAGE
    try:
        return int(arguments.run(arguments))
    except _stopped() as error:
        sys.stderr.write("replgym: stopped\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("replgym: stopped\n")
        return ExitCode.INTERRUPTED
    except _usage_errors() as error:
        return _told(error, ExitCode.USAGE)
    except _endpoint_errors() as error:
        return _told(error, ExitCode.ENDPOINT)
    except _faults() as error:
        return _told(error, ExitCode.FAULT)
    except _trainer_errors() as error:
        sys.stderr.write(f"replgym: {error}\n")  # with the trainer's last lines
        return ExitCode.FAULT


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    given = sys.argv[1:] if argv is None else list(argv)
    parser = _Parser(prog="replgym", description="Train and evaluate models that use a Python interpreter.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name in given[:1] if given and given[0] in _COMMANDS else _COMMANDS:
        import_module(f".agents.{_COMMANDS[name]}", __package__).add_parser(commands)
    arguments, unknown = parser.parse_known_args(given)
    if unknown:
        commands.choices[arguments.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments


def _usage_errors() -> tuple[type[Exception], ...]:
    from .agents.policies.endpoint_error import EndpointSettingError
    from .agents.usage_error import UsageError
    from .envs.env_config import ConfigError
    from .envs.missing_extra_error import MissingExtraError
    from .envs.task_data.set_choice import SetChoiceError
    from .envs.task_set import UnknownTaskSetError
    from .envs.task_sources.reader import SourceError
    from .envs.task_sources.row_files import UnknownFormatError
    from .kernels.kernel_error import UnknownBackendError
    from .tools.formats.action_formats import UnknownActionFormatError

    return (
        ConfigError,
        EndpointSettingError,
        FileNotFoundError,
        MissingExtraError,
        SetChoiceError,
        SourceError,
        UnknownActionFormatError,
        UnknownBackendError,
        UnknownFormatError,
        UnknownTaskSetError,
        UsageError,
    )


def _endpoint_errors() -> tuple[type[Exception], ...]:
    from .agents.policies.endpoint_error import EndpointError
    from .agents.rollouts.failure_breaker import EndpointFailedError

    return EndpointError, EndpointFailedError


def _stopped() -> type[RunStoppedError]:
    from .agents.rollouts.stop_signals import RunStoppedError

    return RunStoppedError


def _faults() -> tuple[type[Exception], ...]:
    from .agents.evaluation.evaluation import EvaluationError
    from .agents.policies.policy import PolicyError
    from .agents.rollouts.episode_log import EpisodeLogError
    from .envs.task_sources.hub import HubError
    from .kernels.kernel_error import KernelError

    return EpisodeLogError, EvaluationError, HubError, KernelError, PolicyError


def _trainer_errors() -> type[Exception]:
    from .agents.verl_runs.verl_process import TrainerError

    return TrainerError


def _told(error: Exception, code: ExitCode) -> int:
    sys.stderr.write(f"replgym: {' '.join(str(error).split())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
