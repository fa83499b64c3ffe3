"""The space of all texts up to a length."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
from gymnasium.spaces import Text
from numpy.typing import NDArray

_SAMPLED = string.ascii_letters + string.digits + " "
_LONGEST_SAMPLE = 200


class UnicodeText(Text):
    """Contains every `str` of at most `max_length` characters; samples are short and printable."""

    def __init__(self, max_length: int, *, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(max_length, min_length=0, charset=_SAMPLED, seed=seed)

    def sample(
        self,
        mask: tuple[int | None, NDArray[np.int8] | None] | None = None,
        probability: tuple[int | None, NDArray[np.float64] | None] | None = None,
    ) -> str:
        """Draws a text of letters, digits and spaces; masks mean what they mean for `Text`."""
        if mask is None and probability is None:
            mask = (int(self.np_random.integers(1, min(self.max_length, _LONGEST_SAMPLE) + 1)), None)
        return super().sample(mask, probability)

    def contains(self, x: Any) -> bool:
        """Whether `x` is a text that is short enough."""
        return isinstance(x, str) and len(x) <= self.max_length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and self.max_length == other.max_length

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"
