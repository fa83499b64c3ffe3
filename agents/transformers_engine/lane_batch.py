"""The key-value cache of all running lanes, as one batch.

Keys carry their rotary position from the moment they are computed, so a lane's cache is a bag: entries
may be padded anywhere, as long as `valid` says which of them count. That makes joining, leaving and
continuing lanes plain tensor operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache


@dataclass(frozen=True, slots=True)
class LaneCache:
    """The cache of one lane, without padding."""

    keys: tuple[Tensor, ...]
    """Per layer, shape (heads, length, head_dim)."""
    values: tuple[Tensor, ...]
    """Per layer, shape (heads, length, head_dim)."""

    @property
    def length(self) -> int:
        """Tokens in the cache."""
        return int(self.keys[0].shape[1])


class LaneBatch:
    """Lanes in rows; row order is the caller's to remember."""

    def __init__(self, model: Any) -> None:
        """Starts without lanes, for a causal language model of `transformers`."""
        self._model = model
        self._layers: list[tuple[Tensor, Tensor]] = []  # (rows, heads, width, head_dim)
        self._valid = torch.zeros(0, 0, dtype=torch.bool)
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def width(self) -> int:
        """Places that every row takes, padding included."""
        return int(self._valid.shape[1])

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Appends one token to every lane.

        Returns:
            Logits of the next token in float32, shape (rows, vocabulary).
        """
        logits = self._forward(
            torch.tensor(tokens).unsqueeze(1),
            torch.ones(len(tokens), 1, dtype=torch.bool),
            torch.tensor(self._lengths).unsqueeze(1),
        )
        self._lengths = [length + 1 for length in self._lengths]
        return logits

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def join(self, prefixes: Sequence[LaneCache | None], suffixes: Sequence[Sequence[int]]) -> Tensor:
        """Adds lanes: each continues a cached prefix (or nothing) with at least one new token.

        Returns:
            Logits of the token after each suffix in float32, shape (new lanes, vocabulary).
        """
        new = LaneBatch(self._model)
        new._lengths = [prefix.length if prefix else 0 for prefix in prefixes]
        if any(new._lengths):
            new._load(prefixes)
        else:
            new._valid = torch.zeros(len(prefixes), 0, dtype=torch.bool)
        width = max(map(len, suffixes))
        tokens = torch.zeros(len(suffixes), width, dtype=torch.long)
        given = torch.zeros(len(suffixes), width, dtype=torch.bool)
        positions = torch.zeros(len(suffixes), width, dtype=torch.long)
        for row, (suffix, start) in enumerate(zip(suffixes, new._lengths, strict=True)):
            tokens[row, width - len(suffix) :] = torch.tensor(suffix)
            given[row, width - len(suffix) :] = True
            positions[row, width - len(suffix) :] = torch.arange(start, start + len(suffix))
        logits = new._forward(tokens, given, positions)
        new._lengths = [start + len(suffix) for start, suffix in zip(new._lengths, suffixes, strict=True)]
        self._absorb(new)
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        """Keeps these rows, in this order; a row may be repeated."""
        index = torch.tensor(list(rows), dtype=torch.long)
        self._lengths = [self._lengths[row] for row in rows]
        self._valid = self._valid[index]
        used = self._valid.any(0).nonzero()
        first = int(used[0]) if len(used) else self._valid.shape[1]
        self._valid = self._valid[:, first:]
        self._layers = [
            (keys[index][:, :, first:], values[index][:, :, first:]) for keys, values in self._layers
        ]

    def cache_of(self, row: int) -> LaneCache:
        """A copy of one lane's cache."""
        mask = self._valid[row]
        return LaneCache(
            tuple(keys[row][:, mask].clone() for keys, _ in self._layers),
            tuple(values[row][:, mask].clone() for _, values in self._layers),
        )

    def _forward(self, tokens: Tensor, given: Tensor, positions: Tensor) -> Tensor:
        self._valid = torch.cat([self._valid, given], dim=1)
        cache = DynamicCache(ddp_cache_data=self._layers) if self._layers else DynamicCache()
        output = self._model(
            input_ids=tokens,
            attention_mask=self._valid.long(),
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]
        logits: Tensor = output.logits[:, -1].float()
        return logits

    def _load(self, prefixes: Sequence[LaneCache | None]) -> None:
        """Right-aligns cached prefixes of different lengths."""
        some = next(prefix for prefix in prefixes if prefix is not None)
        width = max(self._lengths)
        self._valid = torch.zeros(len(prefixes), width, dtype=torch.bool)
        for layer in range(len(some.keys)):
            heads, _, head_dim = some.keys[layer].shape
            keys = some.keys[layer].new_zeros(len(prefixes), heads, width, head_dim)
            values = torch.zeros_like(keys)
            for row, prefix in enumerate(prefixes):
                if prefix is not None:
                    start = width - prefix.length
                    keys[row, :, start:] = prefix.keys[layer]
                    values[row, :, start:] = prefix.values[layer]
                    self._valid[row, start:] = True
            self._layers.append((keys, values))

    def _absorb(self, other: LaneBatch) -> None:
        if not self._lengths:
            self._layers, self._valid = other._layers, other._valid
        else:
            width = max(self._valid.shape[1], other._valid.shape[1])
            self._valid = torch.cat([_padded(part._valid, width, 1) for part in (self, other)])
            self._layers = [
                tuple(
                    torch.cat([_padded(mine, width, 2), _padded(theirs, width, 2)]) for mine, theirs in pairs
                )
                for pairs in (
                    zip(a, b, strict=True) for a, b in zip(self._layers, other._layers, strict=True)
                )
            ]
        self._lengths = self._lengths + other._lengths


def _padded(tensor: Tensor, width: int, dim: int) -> Tensor:
    """Pads with zeros on the left of `dim` up to `width`."""
    missing = width - tensor.shape[dim]
    if not missing:
        return tensor
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor.new_zeros(shape), tensor], dim=dim)
