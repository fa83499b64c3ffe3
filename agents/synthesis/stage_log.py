"""The work of one stage, one JSON line each: what is there is not done again.

Memory holds where a value lies, not the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..line_log import LineLog
from ..usage_error import UsageError


class StageLog:
    """Values by key, on disk."""

    def __init__(self, path: Path) -> None:
        """Opens the log, which is made when it is not there.

        Raises:
            UsageError: If another run writes to it, or it is no such log.
        """
        try:
            self._log = LineLog(path)
        except BlockingIOError as error:
            raise UsageError(
                f"{path}: another run writes to it; wait for it, or choose another --output"
            ) from error
        try:
            self._places = dict(_places(path))
        except (KeyError, ValueError, TypeError) as error:
            self._log.close()
            raise UsageError(
                f"{path} is no log of a stage ({error}); remove it, or choose another --output"
            ) from error

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def find(self, key: str) -> Any:
        """The value of a key; None when there is none."""
        place = self._places.get(key)
        return None if place is None else json.loads(self._log.read(*place))["value"]

    def add(self, key: str, value: Any) -> None:
        """Appends a value, which replaces an earlier one."""
        line = json.dumps({"key": key, "value": value}).encode() + b"\n"
        self._places[key] = self._log.append(line), len(line)

    def values(self) -> Iterator[Any]:
        """All values, in the order of their first keys."""
        for key in tuple(self._places):
            yield self.find(key)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Closes the file; idempotent."""
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _places(path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Keys, and where their lines begin and how long they are."""
    place = 0
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)["key"], (place, len(line))
            place += len(line)
