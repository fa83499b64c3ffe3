"""Places at which the program is to stop, by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from types import CodeType, FrameType
from typing import Any

from .alarm import Overrun
from .evaluation import Scope, evaluate
from .source import FILE

_MOST = 50


@dataclass(slots=True)
class Breakpoint:
    """One place."""

    number: int
    line: int
    place: str
    """As it was asked for: a line or a function."""
    condition: str = ""
    temporary: bool = False
    enabled: bool = True
    ignore: int = 0
    hits: int = 0

    def told(self) -> str:
        """The breakpoint on one line."""
        parts = [f"{'temporary ' if self.temporary else ''}breakpoint {self.number} at line {self.line}"]
        parts[0] += "" if self.place.isdecimal() else f" in {self.place}"
        parts += [f"if {self.condition}"] if self.condition else []
        parts += ["disabled"] if not self.enabled else []
        parts += [f"to be passed {self.ignore} more times"] if self.ignore else []
        parts += [f"hit {self.hits} times" if self.hits != 1 else "hit once"] if self.hits else []
        return ", ".join(parts)


@dataclass(slots=True)
class Breakpoints:
    """All of them."""

    next_number: int = 1
    _all: dict[int, Breakpoint] = field(default_factory=dict)
    _lines: dict[int, list[Breakpoint]] = field(default_factory=dict)
    _codes: dict[CodeType, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Breakpoints:
        """Those that `state` described; their hits begin anew."""
        made = cls(state["next"])
        for each in state["all"]:
            made._all[each["number"]] = Breakpoint(**{**each, "hits": 0})
        made.changed()
        return made

    def state(self) -> dict[str, Any]:
        """All of them as JSON."""
        return {"next": self.next_number, "all": [asdict(each) for each in self]}

    def __iter__(self) -> Any:
        return iter(self._all.values())

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, line: int, place: str, condition: str, *, temporary: bool) -> Breakpoint:
        """Makes one.

        Raises:
            ValueError: If there are too many.
        """
        if len(self._all) >= _MOST:
            raise ValueError(f"there are {_MOST} breakpoints already; delete some")
        made = Breakpoint(self.next_number, line, place, condition, temporary)
        self._all[made.number] = made
        self.next_number += 1
        self.changed()
        return made

    def get(self, number: int) -> Breakpoint:
        """The one with a number.

        Raises:
            LookupError: If there is none.
        """
        if number not in self._all:
            known = ", ".join(map(str, self._all)) or "none"
            raise LookupError(f"there is no breakpoint {number}; there are: {known}")
        return self._all[number]

    def remove(self, numbers: Iterable[int]) -> None:
        """Deletes some."""
        for number in list(numbers):
            del self._all[number]
        self.changed()

    def changed(self) -> None:
        """To be called after a breakpoint was changed."""
        self._lines = {}
        self._codes = {}
        for each in self._all.values():
            if each.enabled:
                self._lines.setdefault(each.line, []).append(each)

    def may_stop_in(self, code: CodeType) -> bool:
        """Whether one of them is in this code."""
        known = self._codes.get(code)
        if known is None:
            inside = code.co_filename == FILE and any(line in self._lines for *_, line in code.co_lines())
            known = self._codes[code] = inside
        return known

    def hit(self, frame: FrameType) -> str:
        """What is to be said if the program stops here by one of them; empty if it does not."""
        if frame.f_lineno not in self._lines or frame.f_code.co_filename != FILE:
            return ""
        told = [self._hit(each, frame) for each in self._lines[frame.f_lineno]]
        return ", ".join(text for text in told if text)

    def _hit(self, each: Breakpoint, frame: FrameType) -> str:
        told = f"breakpoint {each.number}"
        if each.condition:
            try:
                if not evaluate(each.condition, Scope.of(frame)):
                    return ""
            except (Exception, Overrun) as error:  # noqa: BLE001 - a condition is foreign code
                told += f", whose condition raised {type(error).__name__}: {str(error)[:100]}"
        each.hits += 1
        if each.ignore > 0:
            each.ignore -= 1
            return ""
        if each.temporary:
            self.remove([each.number])
        return told
