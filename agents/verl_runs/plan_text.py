"""What a run would be, as text: its presets, and the command that starts verl."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..run_settings.config_file import ConfigFile

FOLDER = Path("RUN_FOLDER")
"""Stands for the folder of a run that is not there yet."""


def preset_lines(kind: type[ConfigFile]) -> Iterator[str]:
    """The presets of a kind of run, each with the first line of its comment."""
    presets = kind.presets()
    width = max(map(len, presets))
    for name, path in presets.items():
        yield f"{name:<{width}}  {headline(path)}"


def headline(path: Path) -> str:
    """The first line of a file's comment, without its mark and full stop."""
    return path.read_text().partition("\n")[0].removeprefix("#").strip().removesuffix(".")


def command_lines(program: Sequence[str], overrides: Sequence[str]) -> Iterator[str]:
    """A command of Python with its overrides, one a line, as a shell takes it."""
    yield f"python -m {shlex.join(program)} \\"
    yield from (f"  {shlex.quote(override)} \\" for override in overrides[:-1])
    yield f"  {shlex.quote(overrides[-1])}"
