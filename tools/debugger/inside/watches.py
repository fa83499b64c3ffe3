"""Expressions whose value the program may not change unnoticed.

A watch that names a local variable belongs to one call: the selected one, or else the next one that has the
variable. It is looked at before every line.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from types import CodeType, FrameType

from .alarm import Overrun
from .evaluation import Scope, compiled, evaluate
from .values import ValueText, fingerprint

_UNDEFINED = "undefined"
_MOST = 20


@dataclass(slots=True)
class Watch:
    """One expression."""

    number: int
    text: str
    code: CodeType
    frame: FrameType | None = None
    """The call that its local variables belong to."""
    seen: Hashable = _UNDEFINED
    shown: str = _UNDEFINED


class Watches:
    """All of them."""

    def __init__(self, texts: ValueText) -> None:
        self._texts = texts
        self._all: dict[int, Watch] = {}
        self._next = 1

    def __bool__(self) -> bool:
        return bool(self._all)

    def expressions(self) -> list[str]:
        """What is watched."""
        return [each.text for each in self._all.values()]

    def add(self, text: str, frame: FrameType | None) -> Watch:
        """Begins to watch.

        Raises:
            SyntaxError: If it is no expression.
            ValueError: Likewise, or if there are too many.
        """
        if len(self._all) >= _MOST:
            raise ValueError(f"{_MOST} expressions are watched already; end some with unwatch")
        made = Watch(self._next, text, compiled(text))
        if frame is not None:
            made.frame = frame if _is_local(made, frame) else None
            self._look(made, frame)
        self._all[made.number] = made
        self._next += 1
        return made

    def remove(self, number: int | None) -> None:
        """Ends one, or all.

        Raises:
            LookupError: If there is none with the number.
        """
        if number is None:
            self._all.clear()
        elif self._all.pop(number, None) is None:
            known = ", ".join(map(str, self._all)) or "none"
            raise LookupError(f"there is no watch {number}; there are: {known}")

    def told(self) -> list[str]:
        """All of them, one a line."""
        return [f"watch {each.number}: {each.text} = {each.shown}" for each in self._all.values()]

    def news(self, frame: FrameType) -> str:
        """What has changed, as seen from the running frame; empty if nothing has."""
        changes = []
        for each in self._all.values():
            before = each.shown
            if each.frame is None and _is_local(each, frame):
                each.frame = frame
            if self._look(each, each.frame or frame):
                changes.append(f"watch {each.number}: {each.text}: {before} -> {each.shown}")
        return ", ".join(changes)

    def left(self, frame: FrameType) -> None:
        """A call has ended, and its local variables with it."""
        for each in self._all.values():
            if each.frame is frame:
                each.frame, each.seen, each.shown = None, _UNDEFINED, _UNDEFINED

    def owns(self, frame: FrameType) -> bool:
        """Whether a watch belongs to this call."""
        return any(each.frame is frame for each in self._all.values())

    def _look(self, watch: Watch, frame: FrameType) -> bool:
        """Looks at the value; True if it is another."""
        try:
            value = evaluate(watch.code, Scope.of(frame))
            seen: Hashable = fingerprint(value)
        except (Exception, Overrun):  # noqa: BLE001 - foreign code; a value that cannot be had is undefined
            changed = watch.seen != _UNDEFINED
            watch.seen = watch.shown = _UNDEFINED
            return changed
        changed = seen != watch.seen
        if changed:
            watch.seen, watch.shown = seen, self._texts.short(value)
        return changed


def _is_local(watch: Watch, frame: FrameType) -> bool:
    """Whether the expression names a local variable of a function."""
    code = frame.f_code
    return frame.f_locals is not frame.f_globals and any(
        name in code.co_varnames or name in code.co_cellvars or name in code.co_freevars
        for name in watch.code.co_names
    )
