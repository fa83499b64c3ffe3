"""The calls of a program that stands still, and the one that is selected among them."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import FrameType, TracebackType

from .source import FILE, Source
from .tracer import Tracer

_INNER, _OUTER, _CALLERS = 10, 5, 2


@dataclass(slots=True)
class Stack:
    """The program's own calls, the innermost first."""

    places: list[tuple[FrameType, int]]
    index: int = 0

    @classmethod
    def from_frame(cls, frame: FrameType, tracer: Tracer) -> Stack:
        """The calls of a program that runs."""
        return cls([(each, each.f_lineno) for each in tracer.frames_from(frame)])

    @classmethod
    def from_traceback(cls, trace: TracebackType | None, tracer: Tracer) -> Stack:
        """The calls that an exception has passed through."""
        places = []
        while trace is not None:
            if tracer.is_mine(trace.tb_frame.f_code):
                places.append((trace.tb_frame, trace.tb_lineno))
            trace = trace.tb_next
        return cls(places[::-1])

    @property
    def frame(self) -> FrameType:
        """The selected call."""
        return self.places[self.index][0]

    @property
    def line(self) -> int:
        """Where it is."""
        return self.places[self.index][1]

    def move(self, steps: int) -> None:
        """Selects an outer call, or an inner one for a negative number.

        Raises:
            LookupError: If there is none.
        """
        wanted = min(max(self.index + steps, 0), len(self.places) - 1)
        if wanted == self.index and steps:
            raise LookupError("this is the outermost call" if steps > 0 else "this is the innermost call")
        self.index = wanted

    def told(self, source: Source) -> str:
        """The calls, with a mark at the selected one; of many the innermost and the outermost."""
        groups = list(self._groups())
        lines = [self._told(group, source) for group in groups]
        if len(groups) > _INNER + _OUTER + 1:
            hidden = groups[-_OUTER].start - groups[_INNER].start
            lines[_INNER:-_OUTER] = [f"   … {hidden} more calls …"]
        return "\n".join(lines)

    def callers(self, source: Source) -> list[str]:
        """The callers of the innermost call, the nearest first."""
        return [self._told_place(group.start, source) for group in islice(self._groups(), 1, 1 + _CALLERS)]

    def _groups(self) -> Iterator[range]:
        """The calls by number; those at the same place, one right after the other, are together."""
        begin = 0
        for number, (frame, line) in enumerate(self.places):
            before, line_before = self.places[number - 1]
            if number and (frame.f_code is not before.f_code or line != line_before):
                yield range(begin, number)
                begin = number
        yield range(begin, len(self.places))

    def _told(self, group: range, source: Source) -> str:
        mark = ">" if self.index in group else " "
        numbers = f"#{group.start}" if len(group) == 1 else f"#{group.start} to #{group[-1]}"
        return f"{mark} {numbers} {self._told_place(group.start, source)}"

    def _told_place(self, number: int, source: Source) -> str:
        frame, line = self.places[number]
        file = frame.f_code.co_filename
        text = source.line(line) if file == FILE else linecache.getline(file, line).strip()
        return f"{place_of(frame, line)}: {text}"


def place_of(frame: FrameType, line: int) -> str:
    """Function and line, and the file where it is not the program's."""
    code = frame.f_code
    name = (
        "the module"
        if code.co_name == "<module>"
        else code.co_qualname
        if hasattr(code, "co_qualname")
        else code.co_name
    )
    file = "" if code.co_filename == FILE else f" of {code.co_filename.rpartition('/')[2]}"
    return f"line {line}{file} in {name.replace('<locals>.', '')}"
