"""The hidden tests of a task, as data.

A tagged union, so that a JSONL line of any task set parses into exactly one kind. None of it ever enters a
process that runs the candidate's code: the examiner holds it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallCase(_Frozen):
    """One call and the value that it must return."""

    arguments: tuple[Any, ...]
    """Positional arguments, JSON values."""
    expected: Any
    """A JSON value, compared by exact type and value; lists and tuples count as one type."""


class CallTests(_Frozen):
    """Calls of one function with JSON arguments."""

    kind: Literal["call"] = "call"
    entry_point: str
    cases: tuple[CallCase, ...] = Field(min_length=1)


class CheckTests(_Frozen):
    """A test program that defines `check(candidate)`, as in HumanEval (arXiv 2107.03374)."""

    kind: Literal["check"] = "check"
    entry_point: str
    source: str
    """Python source of the test program; trusted."""
    context: str = ""
    """Trusted Python source that the test program may use, such as helpers given in the task's prompt."""


Tests = Annotated[CallTests | CheckTests, Field(discriminator="kind")]
