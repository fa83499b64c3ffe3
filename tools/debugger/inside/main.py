"""The way in: a program and the way to the host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import looks, moves, stops
from .command import Command, UsageError
from .debugger import Debugger
from .source import Source, numbered_line
from .wire import Report, ask_host

COMMANDS: tuple[Command, ...] = (*moves.COMMANDS, *stops.COMMANDS, *looks.COMMANDS)
_BY_NAME = {name: command for command in COMMANDS for name in command.names}
_WORD = re.compile(r"!|[A-Za-z]+(?=\s|$)(?!\s*=[^=])|(?:pp?|print)(?=\()")
_AGAIN = re.compile(r"(?:set\s+var(?:iable)?\s+)")


def debug(setup: Mapping[str, Any], ask: Callable[[str], str]) -> None:
    """Debugs one program, until the host interrupts.

    Args:
        setup: `program`, `stdin`, `args`, and the `state` of an earlier debugger.
        ask: Asks the host.
    """
    try:
        source = Source(setup["program"])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        told = _told_fault(error, setup["program"].splitlines())
        while True:
            ask_host(ask, Report(told, setup["state"]))
            told = "the program does not compile; give another one"
    Debugger(source, setup, ask).serve(carry_out)


def carry_out(debugger: Debugger, line: str) -> str | None:
    """Carries one command out.

    Raises:
        ValueError: If it cannot be; LookupError and SyntaxError likewise.
    """
    line = _AGAIN.sub("! ", line.strip(), count=1)
    word = _WORD.match(line)
    if word is None or word[0] not in _BY_NAME:
        return _as_python(debugger, line)
    return _BY_NAME[word[0]].act(debugger, line[word.end() :].strip())


def _as_python(debugger: Debugger, line: str) -> str:
    word = line.split()[0] if line else ""
    if word in ("help", "h", "?"):
        return help_text()
    try:
        return looks.run_python(debugger, line)
    except SyntaxError:
        names = ", ".join([*(command.names[0] for command in COMMANDS), "quit", "help"])
        raise UsageError(f"there is no command {word[:40]!r}; use one of: {names}") from None


def help_text() -> str:
    """All commands, one a line."""
    lines = []
    for command in COMMANDS:
        others = f" ({', '.join(command.names[1:])})" if command.names[1:] else ""
        lines.append(f"{command.usage}{others}: {command.about}")
    return "\n".join([*lines, "quit: ends the program"])


def _told_fault(error: BaseException, lines: list[str]) -> str:
    """Why the program does not compile, with the line."""
    if not isinstance(error, SyntaxError) or error.lineno is None:
        return f"the program does not compile: {type(error).__name__}: {str(error)[:200]}"
    told = f"the program does not compile: {type(error).__name__}: {error.msg}, line {error.lineno}"
    line = lines[error.lineno - 1] if 0 < error.lineno <= len(lines) else ""
    return f"{told}\n{numbered_line(error.lineno, line, arrow=True)}" if line else told
