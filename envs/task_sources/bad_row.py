"""A row that could not be made into a task: counted and set aside, never fatal and never lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRow:
    """Where a malformed row is, and what is wrong with it."""

    file: str
    row: int
    """Its number in the file, from 1."""
    field: str
    """The field at fault; empty when the row as a whole cannot be read."""
    message: str
    excerpt: str = ""
    """The beginning of the row, as JSON where it can be read."""
    left_out: bool = False
    """True when the row is sound, and a rule of the data set leaves it out."""

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.message}"
