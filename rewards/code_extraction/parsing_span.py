"""The longest run of lines that is Python, wherever it stands in a text.

A module followed by a module is a module, so the longest run that begins at a line is found by shrinking to
the place of the parser's error, and runs that begin inside a found one need not be tried. The work is
bounded: a text on which the parser would spend too long is searched from its start as far as that goes.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

_BUDGET, _BUDGET_PER_CHARACTER = 500_000, 5
"""Characters given to the parser, where every call and every line count as a few more."""
_CALL, _LINE = 30, 12


def longest_parsing_span(text: str) -> str | None:
    """The run with the most lines that are not blank, the first one of several; None without any."""
    lines = text.replace("\r\n", "\n").split("\n")
    search = _Search(lines)
    best, most, place = (0, 0), 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while place < len(lines) and search.left > 0:
            end = search.longest_from(place)
            size = sum(bool(line.strip()) for line in lines[place:end])
            if size > most:
                best, most = (place, end), size
            place = max(end, place + 1)
    return "\n".join(lines[best[0] : best[1]]) if most else None


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    """Counted from 1; a run that ends before it may be a module."""
    open: bool
    """Whether something begins there that later lines could end."""


class _Search:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.left = _BUDGET + _BUDGET_PER_CHARACTER * sum(map(len, lines))

    def longest_from(self, start: int) -> int:
        """The end of the longest run that begins at `start`; `start` itself when there is none."""
        first = self._lines[start]
        if not first.strip() or first[0] in " \t":
            return start
        size, end = 1, start
        while self.left > 0:
            stop = min(start + size, len(self._lines))
            end, more = self._shrunk(start, stop)
            if stop == len(self._lines) or not more:
                break
            size *= 2
        return end

    def _shrunk(self, start: int, stop: int) -> tuple[int, bool]:
        """Where a run from `start` ends before `stop`, and whether it could go on after it."""
        fault = self._fault(start, stop)
        if fault is None:
            return stop, True
        more = start + fault.line >= stop or fault.open
        end = stop
        while fault is not None:
            end = max(start, min(end, start + fault.line) - 1)
            fault = self._fault(start, end) if end > start and self.left > 0 else None
        return (end if self.left > 0 else start), more

    def _fault(self, start: int, end: int) -> _Fault | None:
        """What keeps the lines from being a module."""
        source = "\n".join(self._lines[start:end])
        self.left -= len(source) + _CALL + _LINE * (end - start)
        try:
            ast.parse(source)
        except SyntaxError as error:
            told = error.msg or ""
            return _Fault(max(1, error.lineno or 1), "was never closed" in told or "triple-quoted" in told)
        except (ValueError, RecursionError, MemoryError):
            return _Fault(1, False)
        return None
