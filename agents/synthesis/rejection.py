"""What was set aside and why: nothing that a model wrote is lost without a word."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Reason(StrEnum):
    """Why something was set aside."""

    CUT_OFF = "cut_off"
    """The reply reached its limit of tokens, or the request that of the model."""
    MALFORMED = "malformed"
    """The reply is not in the form that was asked for."""
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    CONTAMINATED = "contaminated"
    """It shares text with an evaluation set."""
    NOT_ONE_PROGRAM = "not_one_program"
    SYNTAX = "syntax"
    LENGTH = "length"
    """The reply has too few or too many tokens."""
    NO_ENTRY_POINT = "no_entry_point"
    FEW_SOLUTIONS = "few_solutions"
    GENERATOR = "generator_failed"
    """A program that was to write inputs failed."""
    NO_OUTPUT = "no_output"
    TIE = "tie"
    LOW_AGREEMENT = "low_agreement"
    GOLDEN_DISAGREES = "golden_disagrees"
    """The golden solution is out-voted on this input."""
    FEW_TESTS = "few_tests"
    SAME_OUTPUT = "same_output"
    """Every label is the same, so that the tests tell nothing."""
    NO_GOLDEN = "no_golden"
    """The best solution agrees with too few labels."""
    BROKEN_TESTS = "broken_tests"
    PASS_RATE = "pass_rate"
    """Too few or too many tries pass."""


class Rejection(BaseModel):
    """One thing that was set aside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    """`seed`, `question`, `solution`, `inputs`, `label` or `task`."""
    id: str
    """Of the question; before there is one, the key of its seed."""
    reason: Reason
    message: str = ""
    excerpt: str = ""
    """The beginning of what was set aside."""


class RejectedError(ValueError):
    """What a model wrote cannot be used."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
