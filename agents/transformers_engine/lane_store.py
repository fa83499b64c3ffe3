"""Memory of keys and values for all lanes, with room to grow into.

Lanes are rows of buffers that have spare rows, and spare columns to both sides of a window that all rows
share. A token is written behind the window, a new lane into a spare row, and the last row takes the place
of one that leaves; so nothing is copied but what moves, and all of it only when room runs out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import Cache


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass of the model touches."""

    rows: slice
    written: slice
    """Columns of its own tokens."""
    seen: slice
    """Columns from the first that may count to its own last one."""


class LaneStore(Cache):  # type: ignore[misc]
    """The cache that a model writes to. Rows in use come first; columns in use lie between two bounds."""

    def __init__(self) -> None:
        """Starts without lanes; the first pass adds the layers."""
        super().__init__(layers=[])
        self._valid = torch.empty(0, 1, 0, 1, dtype=torch.bool)
        self._pairs: list[tuple[Tensor, Tensor]] = []  # each (rows, heads, columns, head_dim)
        self._first = self._last = 0
        self._rows = 0
        self._pass = _Pass(slice(0, 0), slice(0, 0), slice(0, 0))

    @property
    def width(self) -> int:
        """Columns in use."""
        return self._last - self._first

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Writes what a layer computed to where the running pass belongs; the model calls it.

        Returns:
            Keys and values that the pass sees, shape (rows, heads, width, head_dim).
        """
        if layer_idx == len(self._pairs):
            self._pairs.append((self._room_like(key_states), self._room_like(value_states)))
        now, (keys, values) = self._pass, self._pairs[layer_idx]
        keys[now.rows, :, now.written] = key_states
        values[now.rows, :, now.written] = value_states
        return keys[now.rows, :, now.seen], values[now.rows, :, now.seen]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Columns before those that the running pass writes; the model asks for it."""
        return int(self._pass.written.start - self._pass.seen.start)

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        """Columns that the running pass sees, and where they begin; the model asks for it."""
        return self._pass.seen.stop - self._pass.seen.start, 0

    def append(self, prefixes: Sequence[Sequence[tuple[Tensor, Tensor]]], given: Tensor) -> Tensor:
        """Makes ready for a pass over contexts that `commit` makes new rows of.

        Args:
            prefixes: What is known: keys and values of every layer, (heads, length, head_dim); or nothing.
            given: Which of the tokens behind count, shape (contexts, length).

        Returns:
            Which columns count, shape (contexts, width).
        """
        lengths = [prefix[0][0].shape[1] if prefix else 0 for prefix in prefixes]
        width, rows = max(lengths) + given.shape[1], slice(self._rows, self._rows + len(prefixes))
        self._widen(rows.stop, width)
        middle = self._last - given.shape[1]
        self._clear(rows, slice(self._first, middle))
        for row, prefix, length in zip(range(rows.start, rows.stop), prefixes, lengths, strict=True):
            known = slice(middle - length, middle)
            self._valid[row, :, known] = True
            for pair, made in zip(self._pairs_like(prefix), prefix, strict=True):
                for buffer, tensor in zip(pair, made, strict=True):
                    buffer[row, :, known] = tensor
        new, seen = slice(middle, self._last), slice(self._last - width, self._last)
        return self._begin(_Pass(rows, new, seen), given)

    def commit(self) -> None:
        """Keeps the rows of the last `append`, whose pass succeeded."""
        self._rows = self._pass.rows.stop

    def step(self) -> Tensor:
        """Makes ready for a pass of one token a row.

        Returns:
            Which columns count, shape (rows, width).
        """
        if self._last == self._valid.shape[2]:
            self._move(self._rows, self.width)
        self._last += 1
        new, seen = slice(self._last - 1, self._last), slice(self._first, self._last)
        return self._begin(_Pass(slice(0, self._rows), new, seen), torch.ones(self._rows, 1))

    def copy(self, rows: Sequence[int]) -> None:
        """Appends copies of rows."""
        end = self._rows + len(rows)
        self._widen(end, self.width)
        window = slice(self._first, self._last)
        for buffer in self._buffers():
            buffer[self._rows : end, :, window] = buffer[list(rows), :, window]
        self._rows = end

    def drop(self, gone: Sequence[int]) -> list[int]:
        """Frees rows; the last ones take their places.

        Returns:
            For every row that is left, which one it was.
        """
        order = list(range(self._rows))
        window = slice(self._first, self._last)
        for row in sorted(gone, reverse=True):
            last = order.pop()
            if row != len(order):
                order[row] = last
                for buffer in self._buffers():
                    buffer[row, :, window] = buffer[len(order), :, window]
        self._rows = len(order)
        used = self._valid[: self._rows, 0, window, 0].any(0).nonzero()
        self._first = self._first + int(used[0]) if len(used) else self._last
        return order

    def row(self, row: int) -> list[tuple[Tensor, Tensor]]:
        """A copy of one row without padding: keys and values of every layer, (heads, length, head_dim)."""
        window = slice(self._first, self._last)
        mask = self._valid[row, 0, window, 0]
        return [
            (keys[row, :, window][:, mask], values[row, :, window][:, mask]) for keys, values in self._pairs
        ]

    def _buffers(self) -> list[Tensor]:
        return [self._valid, *(buffer for pair in self._pairs for buffer in pair)]

    def _begin(self, started: _Pass, given: Tensor) -> Tensor:
        self._pass = started
        self._valid[started.rows, 0, started.written, 0] = given.bool()
        return self._valid[started.rows, 0, started.seen, 0]

    def _room_like(self, tensor: Tensor) -> Tensor:
        """A layer's buffer, which no page of memory is touched of yet."""
        rows, _, columns, _ = self._valid.shape
        return tensor.new_empty(rows, tensor.shape[-3], columns, tensor.shape[-1])

    def _pairs_like(self, prefix: Sequence[tuple[Tensor, Tensor]]) -> Sequence[tuple[Tensor, Tensor]]:
        """The layers' buffers, as far as the prefix has layers."""
        if prefix and not self._pairs:
            self._pairs = [(self._room_like(keys), self._room_like(values)) for keys, values in prefix]
        return self._pairs if prefix else ()

    def _clear(self, rows: slice, columns: slice) -> None:
        """Empties what comes into the window: padding is multiplied with zero, so it must be finite."""
        for buffer in self._buffers():
            buffer[rows, :, columns] = 0

    def _widen(self, rows: int, width: int) -> None:
        """Has the window hold rows of this width, and the buffers so many rows."""
        if rows > self._valid.shape[0] or width > self._last:
            self._move(rows, width)
        first = min(self._first, self._last - width)
        self._clear(slice(self._rows), slice(first, self._first))
        self._first = first

    def _move(self, rows: int, width: int) -> None:
        """Moves the window within the buffers or to larger ones, with room to both sides of it."""
        width = max(width, self.width)
        last, old = width + width // 8, slice(self._first, self._last)
        self._first, self._last = last - self.width, last
        here, columns = self._valid.shape[0], self._valid.shape[2]
        grown = rows > here or columns < last + width // 4 + 64
        shape = max(here, 2 * rows), max(columns, 2 * width + 128)

        def moved(buffer: Tensor) -> Tensor:
            kept = buffer[: self._rows, :, old].clone()
            if grown:
                buffer = kept.new_empty(shape[0], kept.shape[1], shape[1], kept.shape[3])
            buffer[: self._rows, :, self._first : self._last] = kept
            return buffer

        self._valid = moved(self._valid)
        self._pairs = [(moved(keys), moved(values)) for keys, values in self._pairs]
