"""How an answer is compared with the expected one: data, chosen per task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExactText(_Frozen):
    """Equal texts, but for white space at both ends and the kind of line end."""

    kind: Literal["exact"] = "exact"


class TokenText(_Frozen):
    """Equal tokens in the same order; white space does not matter."""

    kind: Literal["tokens"] = "tokens"
    ignore_case: bool = False


class FloatText(_Frozen):
    """Tokens in the same order, numbers within a tolerance: `|a - b| <= max(absolute, relative * |b|)`.

    Where a whole number is expected and one is written, they must be equal.
    """

    kind: Literal["float"] = "float"
    absolute: float = Field(default=1e-6, ge=0)
    relative: float = Field(default=1e-6, ge=0)


class UnorderedLines(_Frozen):
    """The same lines in any order, each as often as expected; not counting empty lines and outer space."""

    kind: Literal["unordered_lines"] = "unordered_lines"


class SpecialJudge(_Frozen):
    """A checker program of the task decides, for tasks with several right answers."""

    kind: Literal["special"] = "special"
    source: str
    """Trusted Python source that defines `accepts(stdin: str, output: str, expected: str) -> bool`."""
    modules: tuple[str, ...] = ()
    """Installed modules that it imports and that take long to import: done once for many submissions."""


TextComparison = Annotated[
    ExactText | TokenText | FloatText | UnorderedLines | SpecialJudge, Field(discriminator="kind")
]


class ExactValue(_Frozen):
    """Equal by type and value; lists and tuples count as one type."""

    kind: Literal["exact"] = "exact"


class FloatValue(_Frozen):
    """As `ExactValue`, with numbers within a tolerance wherever a float is expected.

    Where a whole number is expected, a float of just that value is right too, as Python's `==` has it.
    """

    kind: Literal["float"] = "float"
    absolute: float = Field(default=1e-6, ge=0)
    relative: float = Field(default=1e-6, ge=0)


class UnorderedValue(_Frozen):
    """As `ExactValue`, with the elements of the outermost list in any order."""

    kind: Literal["unordered"] = "unordered"


ValueComparison = Annotated[ExactValue | FloatValue | UnorderedValue, Field(discriminator="kind")]
