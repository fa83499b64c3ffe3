"""One row of a data set as it came, with checked access: what is not as promised raises `RowError`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .row_error import RowError

_MOST_ENCODINGS = 4


@dataclass(frozen=True, slots=True)
class RawRow:
    """The values of a row, and where they come from."""

    values: Mapping[str, Any]
    file: str = ""
    """Its file, relative to the data set."""
    number: int = 1
    """Its number in the file, from 1."""
    split: str = ""
    within: str = ""
    """The fields that lead to a nested row, each with a dot: `meta.`."""

    def has(self, field: str) -> bool:
        """True when the field is there and not null."""
        return self.values.get(field) is not None

    def error(self, field: str, fix: str) -> RowError:
        """The error of a field whose value cannot be used."""
        return RowError(self.within + field, self.values.get(field), fix)

    def text(self, field: str) -> str:
        """A text that is not empty.

        Raises:
            RowError: If there is none.
        """
        value = self.values.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.error(field, "it must be a text that is not empty")
        return value

    def text_or(self, field: str, default: str = "") -> str:
        """A text, or the default where the field is missing or null.

        Raises:
            RowError: If there is something else.
        """
        value = self.values.get(field)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.error(field, "it must be a text")
        return value

    def identifier(self, field: str) -> str:
        """A text or an integer, as a text.

        Raises:
            RowError: If there is neither.
        """
        value = self.values.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(field)

    def items(self, field: str) -> Sequence[Any]:
        """A list; one that is missing or null is empty.

        Raises:
            RowError: If there is something else.
        """
        value = self.values.get(field)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise self.error(field, "it must be a list")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts; one that is missing or null is empty.

        Raises:
            RowError: If there is something else.
        """
        items = self.items(field)
        if not all(isinstance(item, str) for item in items):
            raise self.error(field, "it must be a list of texts")
        return tuple(items)

    def part(self, field: str) -> RawRow:
        """A nested row.

        Raises:
            RowError: If the field is no mapping.
        """
        value = self.values.get(field)
        if not isinstance(value, Mapping):
            raise self.error(field, "it must be an object with fields")
        return replace(self, values=value, within=f"{self.within}{field}.")

    def decoded(self, field: str) -> Any:
        """A value that is written as JSON text, however many times it was encoded.

        Raises:
            RowError: If the text is no JSON.
        """
        value = self.values.get(field)
        for _ in range(_MOST_ENCODINGS):
            if not isinstance(value, str):
                return value
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as error:
                raise self.error(field, f"it must be JSON: {error}") from error
        return value

    def decoded_part(self, field: str) -> RawRow:
        """A nested row that is written as JSON text.

        Raises:
            RowError: If the text is no JSON object.
        """
        value = self.decoded(field)
        if not isinstance(value, Mapping):
            raise self.error(field, "it must be a JSON object")
        return replace(self, values=value, within=f"{self.within}{field}.")
