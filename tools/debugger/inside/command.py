"""The form of a command: its names, what it takes, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .debugger import Debugger


class UsageError(ValueError):
    """A command that cannot be carried out as it was written."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    names: tuple[str, ...]
    """Its name, then its abbreviations."""
    takes: str
    """What follows the name."""
    about: str
    act: Callable[[Debugger, str], str | None]
    """Carries it out; gives what it says, or None when the program is to go on."""

    @property
    def usage(self) -> str:
        """How it is written."""
        return f"{self.names[0]} {self.takes}".rstrip()


def count_of(text: str, usage: str, default: int = 1) -> int:
    """A positive number.

    Raises:
        UsageError: If it is none.
    """
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise UsageError(f"{text[:40]!r} is no number from 1 on; write: {usage}")
    return int(text)


def nothing(text: str, usage: str) -> None:
    """Refuses what a command does not take.

    Raises:
        UsageError: If there is something.
    """
    if text:
        raise UsageError(f"{usage} takes nothing, so not {text[:40]!r}")
