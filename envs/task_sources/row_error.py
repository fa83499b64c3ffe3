"""A value in a row of a data set cannot be used."""

from __future__ import annotations

import reprlib

_SHOW = reprlib.Repr()
_SHOW.maxstring = _SHOW.maxother = 120


class RowError(ValueError):
    """Names the field, its value and what would be right; a parser raises it, the reader reports it."""

    def __init__(self, field: str, value: object, fix: str) -> None:
        """Keeps the field and writes the message.

        Args:
            field: The field of the row, with dots for nested ones: `meta.query`.
            value: What was found there; long values are cut.
            fix: What should stand there, in a few words: "it must be a text".
        """
        super().__init__(f"{field} is {_SHOW.repr(value)}; {fix}")
        self.field = field


class RowLeftOut(RowError):
    """The row is sound, but a rule of the data set leaves it out; reported apart from malformed rows."""
