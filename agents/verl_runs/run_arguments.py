"""The options that all commands that run verl have, and what they do before a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from ..run_settings.config_file import ConfigFile
from .plan_text import preset_lines

_Config = TypeVar("_Config", bound=ConfigFile)


def add_run_arguments(parser: argparse.ArgumentParser, preset: str) -> None:
    """Adds the options.

    Args:
        parser: Of the command.
        preset: What runs unless another is asked for.
    """
    parser.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="settings that differ from the config"
    )
    parser.add_argument("--config", default=preset, help="preset or YAML file (default: %(default)s)")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder of all runs (default: %(default)s)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the newest run of this config's name"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would run, and verl's overrides; start nothing"
    )
    parser.add_argument("--list", action="store_true", help="list the presets")


def asked_run(
    kind: type[_Config], arguments: argparse.Namespace, plan: Callable[[_Config], Iterable[str]]
) -> _Config | None:
    """The run that the options ask for; None where they ask for text alone, which is printed.

    Args:
        kind: The settings of such runs.
        arguments: The options.
        plan: What a run would be, line by line.

    Raises:
        ConfigError: One line that names the field, the value and what is allowed.
    """
    if arguments.list:
        sys.stdout.writelines(f"{line}\n" for line in preset_lines(kind))
        return None
    config = kind.load(arguments.config, arguments.overrides)
    if arguments.dry_run:
        sys.stdout.write("\n".join([*plan(config), ""]))
        return None
    return config
