"""A function that only the host knows, which an episode's cells may call but never read.

The kernel holds nothing of it: a cell's call travels to the host over the Jupyter stdin channel, and the
host answers with a number. The number of calls per cell is bounded by the host, so that finding the
function out takes several turns.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Family(StrEnum):
    """Kinds of hidden function, from easy to hard."""

    LINEAR = "linear"
    """`a*x + b`, parameters `(a, b)`."""
    CHAIN = "chain"
    """Links from key to key: parameters are the keys after 0, the last of them the treasure."""
    THRESHOLD = "threshold"
    """One value below a threshold and another from it on: parameters `(threshold, low, high)`."""
    QUADRATIC = "quadratic"
    """`a*x*x + b*x + c`, parameters `(a, b, c)`."""
    MODULAR = "modular"
    """`(a*x + b) % m`, parameters `(a, b, m)`."""


class WorldError(ValueError):
    """A call that the hidden function refuses; the cell sees it as an exception."""


class HiddenWorld(BaseModel):
    """The hidden side of one task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Family
    parameters: tuple[int, ...]
    calls_per_cell: int = Field(default=1, ge=1)

    def answer(self, argument: object) -> int:
        """The value of the hidden function.

        Raises:
            WorldError: If `argument` is no integer within ±10**6, or is a key that does not exist.
        """
        if isinstance(argument, bool) or not isinstance(argument, int) or abs(argument) > 10**6:
            raise WorldError("f takes one integer between -10**6 and 10**6")
        x, p = argument, self.parameters
        match self.family:
            case Family.LINEAR:
                return p[0] * x + p[1]
            case Family.QUADRATIC:
                return p[0] * x * x + p[1] * x + p[2]
            case Family.MODULAR:
                return (p[0] * x + p[1]) % p[2]
            case Family.THRESHOLD:
                return p[1] if x < p[0] else p[2]
            case Family.CHAIN:
                return self._next_key(x)

    def _next_key(self, key: int) -> int:
        links = dict(zip((0, *self.parameters), self.parameters, strict=False))
        if key not in links:
            raise WorldError(f"there is no key {key}")
        return links[key]
