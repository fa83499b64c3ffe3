"""What is shown where the program stops: the place, the lines around it, and what has changed since.

A call that was not seen before is shown with its variables, any other with those that have changed.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Hashable, Mapping
from types import FrameType, ModuleType
from typing import Any

from .evaluation import Scope
from .source import FILE, Source, numbered_line
from .stack import Stack
from .values import ValueText, fingerprint

_MOST_CHANGES = 8
_MOST_VARIABLES = 40
_MOST_COMPARED = 500
_MOST_CALLS = 200
_MISSING = object()
Seen = dict[str, tuple[Hashable, str]]


class View:
    """Remembers what was shown."""

    def __init__(self, source: Source, texts: ValueText) -> None:
        self._source = source
        self._texts = texts
        self._seen: dict[FrameType, Seen] = {}

    def stop(self, stack: Stack, *, at_end: bool = False) -> list[str]:
        """The innermost call, in sections; at the end of the program with all variables."""
        frame, line = stack.places[0]
        if at_end:
            self._seen = {}
        sections = [self.window(frame, line)]
        is_new = frame not in self._seen
        calls = {each for each, _ in stack.places[:_MOST_CALLS]}
        self._seen = {each: seen for each, seen in self._seen.items() if each in calls}
        changes = self._changes(frame)
        if changes:
            sections.append(f"{'variables' if is_new else 'changed'}:{_listed(changes, _MOST_CHANGES)}")
        outer = stack.places[-1][0]
        if frame is not outer and outer.f_locals is outer.f_globals and (changes := self._changes(outer)):
            sections.append(f"globals{'' if is_new else ' changed'}:{_listed(changes, _MOST_CHANGES)}")
        return sections

    def window(self, frame: FrameType, line: int) -> str:
        """The lines around a place."""
        file = frame.f_code.co_filename
        if file == FILE:
            return self._source.window(line)
        lines = linecache.getlines(file)
        around = range(max(line - 2, 1), min(line + 2, len(lines)) + 1)
        return "\n".join(numbered_line(n, lines[n - 1].rstrip(), arrow=n == line) for n in around)

    def variables(self, scope: Scope) -> str:
        """All variables of a call, one a line."""
        names = _variables(scope)
        lines = [
            f"{name} = {self._texts.short(value)}" for name, value in list(names.items())[:_MOST_VARIABLES]
        ]
        if len(names) > _MOST_VARIABLES:
            lines.append(f"… and {len(names) - _MOST_VARIABLES} more variables")
        return "\n".join(lines) or "there are no variables"

    def _changes(self, frame: FrameType) -> list[str]:
        """What is new or different among the variables; remembers them."""
        before, now = self._seen.get(frame), Seen()
        changes: list[str] = []
        for name, value in list(_variables(Scope.of(frame)).items())[:_MOST_COMPARED]:
            mark = fingerprint(value)
            old = before.get(name) if before is not None else None
            if old is not None and old[0] == mark:
                now[name] = old
                continue
            shown = self._texts.short(value) if len(changes) < _MOST_CHANGES else "…"
            now[name] = (mark, shown)
            changes.append(f"{name} = {shown}{_was(before, old)}")
        changes += [f"{name} is deleted" for name in before or () if name not in now]
        self._seen[frame] = now
        return changes


def _was(before: Seen | None, old: tuple[Hashable, str] | None) -> str:
    if before is None:
        return ""
    return " (new)" if old is None else f" (was {old[1]})"


def _variables(scope: Scope) -> dict[str, Any]:
    """The variables that a reader cares for: of a module not what it imports and defines."""
    if scope.locals is not scope.globals:
        return {name: value for name, value in scope.locals.items() if name.isidentifier()}
    return data_of(scope.globals)


def data_of(names: Mapping[str, Any]) -> dict[str, Any]:
    """The data among the names of a module."""
    return {
        name: value
        for name, value in list(names.items())
        if not name.startswith("__") and not isinstance(value, ModuleType | type) and not _is_code(value)
    }


def _is_code(value: object) -> bool:
    return inspect.isroutine(value) or type(value).__module__ in ("typing", "__future__")


def _listed(changes: list[str], most: int) -> str:
    """The changes on one line, or on lines of their own where they are long."""
    shown = changes[:most]
    if len(changes) > most:
        shown.append(f"… and {len(changes) - most} more")
    line = ", ".join(shown)
    return f" {line}" if len(line) <= 100 else "\n  " + "\n  ".join(shown)
