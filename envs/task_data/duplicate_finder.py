"""Finds texts that were seen before: equal but for case and space, or nearly so (MinHash, Broder 1997).

What was seen lies in a temporary database on disk, so that memory stays small however many texts come.
Signatures of 120 minima over runs of five words are cut into 12 bands; texts that share a band are compared
by their whole signatures, whose equal share estimates how many of their runs they have in common.
"""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .words import hashed, hashed_runs, normalised, words_of

_RUN = 5
_BANDS, _ROWS = 12, 10
_MINIMA = _BANDS * _ROWS
_PRIME = np.uint64((1 << 31) - 1)
_MOST_CANDIDATES = 50
_SCHEMA = """
CREATE TABLE exact (key INTEGER PRIMARY KEY, id TEXT) WITHOUT ROWID;
CREATE TABLE signature (number INTEGER PRIMARY KEY, id TEXT, minima BLOB);
CREATE TABLE band (key INTEGER, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Which earlier text is the same."""

    of: str
    similarity: float
    """The share of runs in common, estimated; for equal texts 1."""
    near: bool = False
    """True when the texts are not equal."""


class DuplicateFinder:
    """Remembers texts by id."""

    def __init__(self, *, near: float | None = None) -> None:
        """Opens an empty memory.

        Args:
            near: Similarity from which texts count as duplicates; None for equal texts only.

        Raises:
            ValueError: If `near` is not in [0.5, 1].
        """
        if near is not None and not 0.5 <= near <= 1:
            raise ValueError(f"near is {near!r}; it must be between 0.5 and 1")
        self._near = near
        self._folder = tempfile.TemporaryDirectory(prefix="replgym-duplicates-")
        self._database = sqlite3.connect(f"{self._folder.name}/seen.sqlite", isolation_level=None)
        self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;{_SCHEMA}")
        draw = np.random.default_rng(0)
        self._factors = draw.integers(1, int(_PRIME), _MINIMA, dtype=np.uint64)
        self._offsets = draw.integers(0, int(_PRIME), _MINIMA, dtype=np.uint64)

    def add(self, name: str, text: str) -> Duplicate | None:
        """Looks a text up; one that is new is remembered.

        Returns:
            The earlier text that is the same, or None.
        """
        words = words_of(text)
        key = hashed([normalised(text)])
        found = self._database.execute("SELECT id FROM exact WHERE key=?", (key,)).fetchone()
        if found:
            return Duplicate(found[0], 1.0)
        if self._near is not None:
            minima = self._minima(words)
            bands = self._bands(minima)
            if near := self._nearest(minima, bands):
                return near
            self._remember(name, minima, bands)
        self._database.execute("INSERT INTO exact VALUES (?, ?)", (key, name))
        return None

    def close(self) -> None:
        """Removes the memory; idempotent."""
        self._database.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _minima(self, words: list[str]) -> NDArray[np.uint32]:
        runs = np.fromiter((run & 0x7FFFFFFF for run in hashed_runs(words, _RUN)), dtype=np.uint64)
        lowest = np.full(_MINIMA, _PRIME, dtype=np.uint64)
        for part in np.array_split(runs, max(1, len(runs) // 4096)):
            if len(part):
                values = (self._factors[:, None] * part[None, :] + self._offsets[:, None]) % _PRIME
                lowest = np.minimum(lowest, values.min(axis=1))
        return lowest.astype(np.uint32)

    def _bands(self, minima: NDArray[np.uint32]) -> list[int]:
        return [
            hashed([str(band), minima[band * _ROWS : (band + 1) * _ROWS].tobytes().hex()])
            for band in range(_BANDS)
        ]

    def _nearest(self, minima: NDArray[np.uint32], bands: list[int]) -> Duplicate | None:
        marks = ",".join("?" * len(bands))
        rows = self._database.execute(
            "SELECT DISTINCT signature.id, signature.minima FROM band JOIN signature USING (number) "
            f"WHERE band.key IN ({marks}) LIMIT {_MOST_CANDIDATES}",
            bands,
        )
        best = Duplicate("", 0.0, near=True)
        for name, packed in rows:
            similarity = float(np.mean(np.frombuffer(packed, dtype=np.uint32) == minima))
            if similarity > best.similarity:
                best = Duplicate(name, similarity, near=True)
        return best if self._near is not None and best.similarity >= self._near else None

    def _remember(self, name: str, minima: NDArray[np.uint32], bands: list[int]) -> None:
        cursor = self._database.execute(
            "INSERT INTO signature (id, minima) VALUES (?, ?)", (name, minima.tobytes())
        )
        pairs = [(key, cursor.lastrowid) for key in bands]
        self._database.executemany("INSERT OR IGNORE INTO band VALUES (?, ?)", pairs)
