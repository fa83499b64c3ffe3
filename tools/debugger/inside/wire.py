"""The words between the host and the debugger: reports in prompts for input, commands in the answers.

A prompt that is no report was written by the program itself, which can also forge a report: what is in one is
shown to whoever debugs the program, and never believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import dumps, loads
from typing import Any

PREFIX = "\x1freplgym-debugger\x1f"
_MOST_CHARACTERS = 500_000


@dataclass(frozen=True, slots=True)
class Report:
    """What the debugger says, and what it needs to go on in another interpreter."""

    text: str
    state: Mapping[str, Any] = field(default_factory=dict)
    started: bool = False
    """Whether the program was started in this interpreter."""

    def prompt(self) -> str:
        """The report as a prompt."""
        return PREFIX + dumps({"text": self.text, "state": self.state, "started": self.started})


def read_report(prompt: str) -> Report | None:
    """The report in a prompt; None if it is none."""
    if not prompt.startswith(PREFIX) or len(prompt) > _MOST_CHARACTERS:
        return None
    try:
        value = loads(prompt[len(PREFIX) :])
    except (ValueError, RecursionError):
        return None
    match value:
        case {"text": str(text), "state": dict(state), "started": bool(started)}:
            return Report(text, state, started)
    return None


@dataclass(frozen=True, slots=True)
class Request:
    """One command, and the seconds that the program may run for it."""

    command: str
    seconds: float

    def line(self) -> str:
        """The request as a line of input."""
        return dumps({"command": self.command, "seconds": self.seconds})


def ask_host(ask: Callable[[str], str], report: Report) -> Request:
    """Reports and waits for the next command."""
    value = loads(ask(report.prompt()))
    return Request(value["command"], value["seconds"])
