"""What the judge found, test by test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    SYNTAX_ERROR = "syntax_error"
    NOT_RUN = "not_run"


class Placement(StrEnum):
    """Where the code of a test ran."""

    TRUSTED = "trusted"
    """In a process that never ran code of the submission."""
    BESIDE = "beside"
    """In the submission's own interpreter, because its values cannot cross a process border; weaker."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One test of a verdict."""

    __test__ = False  # not a pytest class

    name: str
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    peak_memory: int | None = None
    """Bytes that the submission's process held at most during the test; None where it is not measured."""
    placement: Placement = Placement.TRUSTED


@dataclass(frozen=True, slots=True)
class Verdict:
    """All tests of one submission, in the order of the task."""

    tests: tuple[TestOutcome, ...]
    seconds: float = 0.0
    subset: tuple[int, ...] | None = None
    """Which tests of the task these are, when they were capped; the same for every submission."""

    def of_subset(self, subset: tuple[int, ...] | None) -> Verdict:
        """This verdict as one over some tests of a task, named by their places in it; None means all."""
        if subset is None:
            return self
        named = (
            replace(test, name=f"test_{place + 1}") for test, place in zip(self.tests, subset, strict=True)
        )
        return replace(self, tests=tuple(named), subset=subset)

    @property
    def passed(self) -> bool:
        """True when there is at least one test and all of them passed."""
        return bool(self.tests) and all(test.outcome is Outcome.PASSED for test in self.tests)

    @property
    def fraction(self) -> float:
        """Share of tests that passed, in [0, 1]; 0 when there are none."""
        return sum(test.outcome is Outcome.PASSED for test in self.tests) / max(1, len(self.tests))


class JudgeError(RuntimeError):
    """The machine failed, not the submission: retry it, and never count it as a wrong answer."""


class BrokenTaskError(JudgeError):
    """The task's own tests cannot judge anything: no machine will do better, and no submission is wrong."""
