"""Where the long strings of a Python text are: a mark inside of one is data, not the end of the code.

The text need not be valid Python; the work is linear whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

_TOKEN = re.compile(
    r"#[^\n]*+|\"{3}|'{3}|\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n])*+'?|\\.",
    re.DOTALL,
)
_ENDS = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ('"""', "'''")}


def long_strings(text: str, start: int) -> Iterator[tuple[int, int]]:
    """The triple-quoted strings of the Python that begins at `start`, as beginnings and ends, one by one.

    One without an end reaches beyond the text.
    """
    place = start
    while (token := _TOKEN.search(text, place)) is not None:
        place = token.end()
        ends = _ENDS.get(token[0])
        if ends is not None:
            place = _end_of(text, place, ends)
            yield token.start(), place


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
    strings = long_strings(text, start)
    span: tuple[int, int] | None = next(strings, None)
    first: re.Match[str] | None = None
    for mark in marks:
        if not counts(mark):
            continue
        while span is not None and span[1] <= mark.start():
            span = next(strings, None)
        if span is None or mark.start() < span[0]:
            return mark
        first = first or mark
    return first


def _end_of(text: str, place: int, ends: re.Pattern[str]) -> int:
    while (found := ends.search(text, place)) is not None:
        place = found.end()
        if found[0][0] != "\\":
            return place
    return len(text) + 1
