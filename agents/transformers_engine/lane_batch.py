"""All running lanes as one batch of a model.

Keys carry their rotary position from the moment they are computed, so a lane's cache is a bag: entries
may be padded anywhere, as long as it is known which of them count. That makes joining, leaving and
continuing lanes plain tensor operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..policies.policy import PolicyError
from .lane_store import LaneStore


@dataclass(frozen=True, slots=True)
class LaneCache:
    """The cache of one lane, without padding."""

    layers: tuple[tuple[Tensor, Tensor], ...]
    """Keys and values, each of shape (heads, length, head_dim)."""

    @property
    def length(self) -> int:
        """Tokens in the cache."""
        return int(self.layers[0][0].shape[1])


def _check_attention(config: Any) -> None:
    """Refuses layers to which padding is not nothing."""
    kinds = set(getattr(config, "layer_types", None) or ())
    if not kinds and getattr(config, "sliding_window", None):
        kinds = {"sliding_attention"}
    others = sorted(kinds - {"full_attention"})
    if others:
        raise PolicyError(
            f"the model has layers of the kind {', '.join(others)}, and this engine runs full_attention "
            "alone; serve it with SGLang or vLLM"
        )


class LaneBatch:
    """Lanes in rows; row order is the caller's to remember."""

    def __init__(self, model: Any) -> None:
        """Starts without lanes, for a causal language model of `transformers`.

        Raises:
            PolicyError: If a layer does not attend to everything before, so that padding would count.
        """
        _check_attention(model.config)
        self._model = model
        self._store = LaneStore()
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def width(self) -> int:
        """Places that every row takes, padding included."""
        return self._store.width

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Appends one token to every lane.

        Returns:
            Logits of the next token in float32, shape (rows, vocabulary).
        """
        valid, positions = self._store.step(), torch.tensor(self._lengths).unsqueeze(1)
        logits = self._pass(torch.tensor(tokens).unsqueeze(1), valid, positions)
        self._lengths = [length + 1 for length in self._lengths]
        return logits

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def join(self, prefixes: Sequence[LaneCache | None], suffixes: Sequence[Sequence[int]]) -> Tensor:
        """Adds lanes: each continues a cached prefix (or nothing) with at least one new token.

        Returns:
            Logits of the token after each suffix in float32, shape (new lanes, vocabulary).
        """
        starts = [prefix.length if prefix else 0 for prefix in prefixes]
        width = max(map(len, suffixes))
        tokens = torch.zeros(len(suffixes), width, dtype=torch.long)
        given = torch.zeros(len(suffixes), width, dtype=torch.bool)
        positions = torch.zeros(len(suffixes), width, dtype=torch.long)
        for row, (suffix, start) in enumerate(zip(suffixes, starts, strict=True)):
            tokens[row, width - len(suffix) :] = torch.tensor(suffix)
            given[row, width - len(suffix) :] = True
            positions[row, width - len(suffix) :] = torch.arange(start, start + len(suffix))
        valid = self._store.append([prefix.layers if prefix else () for prefix in prefixes], given)
        logits = self._pass(tokens, valid, positions)
        self._store.commit()
        self._lengths += [start + len(suffix) for start, suffix in zip(starts, suffixes, strict=True)]
        return logits

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def copy(self, rows: Sequence[int]) -> None:
        """Adds lanes that are where these are."""
        self._store.copy(rows)
        self._lengths += [self._lengths[row] for row in rows]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def drop(self, rows: Sequence[int]) -> list[int]:
        """Removes lanes.

        Returns:
            For every lane that is left, in which row it was.
        """
        order = self._store.drop(rows)
        self._lengths = [self._lengths[row] for row in order]
        return order

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def cache_of(self, row: int) -> LaneCache:
        """A copy of one lane's cache."""
        return LaneCache(tuple(self._store.row(row)))

    def _pass(self, tokens: Tensor, mask: Tensor, positions: Tensor) -> Tensor:
        output = self._model(
            input_ids=tokens,
            attention_mask=mask.long(),
            position_ids=positions,
            past_key_values=self._store,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: Tensor = output.logits[:, -1].float()
        return logits
