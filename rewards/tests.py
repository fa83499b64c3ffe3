"""The hidden tests of a task, as data.

A tagged union, so that a JSONL line of any task set parses into exactly one kind. Expected values never
enter a process that runs the candidate's code, except where `Placement.BESIDE` says so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from .comparison import ExactText, ExactValue, TextComparison, ValueComparison

_Choice = TypeVar("_Choice", bound=StrEnum)
Plain = Annotated[_Choice, PlainSerializer(lambda choice: str(choice.value), return_type=str)]
"""Dumps as a string, so that tests are built-in values only."""


class Language(StrEnum):
    """What a submission is written in."""

    PYTHON = "python"
    CPP = "cpp"


class PlacementChoice(StrEnum):
    """Where test code may run."""

    AUTO = "auto"
    """In a trusted process, unless the test code needs to share the submission's interpreter."""
    TRUSTED = "trusted"
    BESIDE = "beside"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StdioCase(_Frozen):
    """What a program reads, and what it must write."""

    stdin: str
    expected: str


class StdioTests(_Frozen):
    """Whole programs that read standard input and write standard output."""

    kind: Literal["stdio"] = "stdio"
    cases: tuple[StdioCase, ...] = Field(min_length=1)
    language: Plain[Language] = Language.PYTHON
    comparison: TextComparison = ExactText()
    seconds_per_case: float | None = Field(default=None, gt=0)
    """The most that one run may take; None for whatever is left of the time for all tests."""


class CallCase(_Frozen):
    """One call and the value that it must return."""

    arguments: tuple[Any, ...]
    """Positional arguments, JSON values."""
    expected: Any
    """A JSON value; lists and tuples count as one type."""


class CallTests(_Frozen):
    """Calls of one function, or of one method, with JSON arguments."""

    kind: Literal["call"] = "call"
    entry_point: str
    """`solve`, or `Solution().solve` for a method of a new object for each call."""
    cases: tuple[CallCase, ...] = Field(min_length=1)
    comparison: ValueComparison = ExactValue()
    preamble: str = ""
    """Source that runs in the submission's module before it, such as imports that its task promises."""


class CheckTests(_Frozen):
    """A test program that defines `check(candidate)`, as in HumanEval (arXiv 2107.03374)."""

    kind: Literal["check"] = "check"
    entry_point: str
    """As in `CallTests`."""
    source: str
    """Python source of the test program; trusted."""
    context: str = ""
    """Trusted Python source that the test program may use, such as helpers given in the task's prompt."""
    preamble: str = ""
    """As in `CallTests`."""
    placement: Plain[PlacementChoice] = PlacementChoice.AUTO


class AssertTests(_Frozen):
    """Statements over the submission's names, each of them one test, as in MBPP (arXiv 2108.07732)."""

    kind: Literal["assert"] = "assert"
    statements: tuple[str, ...] = Field(min_length=1)
    setup: str = ""
    """Python source that runs before every statement, in its namespace."""
    preamble: str = ""
    """As in `CallTests`."""
    placement: Plain[PlacementChoice] = PlacementChoice.AUTO


class PytestTests(_Frozen):
    """A pytest module over the submission, as in KodCode (arXiv 2503.02951)."""

    kind: Literal["pytest"] = "pytest"
    source: str
    module: str = "solution"
    """The name under which the tests import the submission."""
    preamble: str = ""
    """As in `CallTests`."""
    placement: Plain[PlacementChoice] = PlacementChoice.AUTO


class UnittestTests(_Frozen):
    """A unittest module over the submission, as in BigCodeBench (arXiv 2406.15877) and Exercism."""

    kind: Literal["unittest"] = "unittest"
    source: str
    module: str | None = None
    """The name under which the tests import the submission; None when its names are simply there."""
    preamble: str = ""
    """As in `CallTests`."""
    placement: Plain[PlacementChoice] = PlacementChoice.AUTO


Tests = Annotated[
    StdioTests | CallTests | CheckTests | AssertTests | PytestTests | UnittestTests,
    Field(discriminator="kind"),
]
