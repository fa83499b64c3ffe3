"""The command `replgym`: a mistake in what was typed is one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .agents.rollouts.stop_signals import RunStoppedError

_FAULT, _USAGE, _INTERRUPTED = 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            options = re.findall(r"^  (?:-\w.*?, )?(--[\w-]+)", self.format_help(), re.MULTILINE)
            message += f"; use some of: {', '.join(options)}"
        sys.stderr.write(f"{self.prog}: {message}; see {self.prog} --help\n")
        raise SystemExit(_USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code: 0, 1 after a fault, 2 after bad input, 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        arguments = _parse(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else _USAGE
    try:
        return int(arguments.run(arguments))
    except _stopped() as error:
        sys.stderr.write("replgym: stopped\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("replgym: stopped\n")
        return _INTERRUPTED
    except _usage_errors() as error:
        return _told(error, _USAGE)
    except _faults() as error:
        return _told(error, _FAULT)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    from .agents.command_line import cli_data, cli_doctor, cli_eval, cli_report, cli_serve
    from .agents.training import cli as cli_train

    parser = _Parser(prog="replgym", description="Train and evaluate models that use a Python interpreter.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    cli_eval.add_parser(commands)
    cli_report.add_parser(commands)
    cli_train.add_parser(commands)
    cli_serve.add_parser(commands)
    cli_data.add_parser(commands)
    cli_doctor.add_parser(commands)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        commands.choices[arguments.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments


def _usage_errors() -> tuple[type[Exception], ...]:
    from .agents.command_line.usage_error import UsageError
    from .agents.policies.endpoint_error import EndpointError
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
        EndpointError,
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


def _told(error: Exception, code: int) -> int:
    sys.stderr.write(f"replgym: {' '.join(str(error).split())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
