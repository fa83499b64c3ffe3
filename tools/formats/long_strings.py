"""Where the long strings of a Python text are: a mark inside of one is data, not the end of the code.

The text need not be valid Python. It is read no further than it is asked about, so that many short codes of
one message take no more time than a long one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_START = re.compile(r"[#\"'\\]")
_TOKEN = re.compile(
    r"#[^\n]*+|\"{3}|'{3}|\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n])*+'?|\\.?",
    re.DOTALL,
)
_ENDS = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ('"""', "'''")}


class LongStrings:
    """The triple-quoted strings of the Python that begins at one place of a text."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._read = start
        self._last = (start, start)

    def hold(self, place: int) -> bool:
        """Whether a place, which no earlier question was beyond, is in one; one without an end has no end."""
        while self._read < place:
            found = _START.search(self._text, self._read, place)
            token = _TOKEN.match(self._text, found.start()) if found else None
            if token is None:
                self._read = place
                break
            self._read = token.end()
            ends = _ENDS.get(token[0])
            if ends is not None:
                self._read = _end_of(self._text, token.end(), ends)
                self._last = (token.start(), self._read)
        return self._last[0] <= place < self._last[1]


def first_outside(
    text: str,
    start: int,
    marks: Iterable[re.Match[str]],
    counts: Callable[[re.Match[str]], bool] = lambda _: True,
) -> re.Match[str] | None:
    """The first of the marks that is in no long string; the first one at all where each of them is in one.

    Args:
        text: Holds the code.
        start: Where the code begins.
        marks: In their order.
        counts: Which of them count.
    """
    strings = LongStrings(text, start)
    first: re.Match[str] | None = None
    for mark in marks:
        if not counts(mark):
            continue
        if not strings.hold(mark.start()):
            return mark
        first = first or mark
    return first


def _end_of(text: str, place: int, ends: re.Pattern[str]) -> int:
    while (found := ends.search(text, place)) is not None:
        place = found.end()
        if found[0][0] != "\\":
            return place
    return len(text) + 1
