"""What became of one question: a task with all that is known of it, or the reason why there is none."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ...envs.task import Task
from ...envs.task_sources.conversation import Conversation
from .rejection import Rejection


class Evidence(BaseModel):
    """Why a task is believed to be sound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    style: str = ""
    features: tuple[str, ...] = ()
    seed: str = ""
    solutions: int
    """Solutions that voted."""
    agreements: tuple[float, ...]
    """The share of them behind the label of each test."""
    passed: tuple[float, ...]
    """The share of the tests that each solution passes."""
    golden: int
    """The place of the golden solution among them."""
    verifier: str = ""
    """The model whose tries make the pass rate."""
    pass_sequence: tuple[bool, ...] = ()
    """Whether each of its tries passed all tests."""

    @property
    def agreement(self) -> float:
        """Mean over the tests."""
        return sum(self.agreements) / len(self.agreements)

    @property
    def pass_rate(self) -> float | None:
        """Of the verifier's tries; None where there were none."""
        return sum(self.pass_sequence) / len(self.pass_sequence) if self.pass_sequence else None


class Tally(BaseModel):
    """Counts of one question, which a report sums up."""

    model_config = ConfigDict(extra="forbid")

    solutions: int = 0
    """Replies with a solution."""
    programs: int = 0
    """Those that pass the filters."""
    inputs: int = 0
    labels: int = 0
    agreements: list[float] = Field(default_factory=list)
    """Of all labels, those of tests that were dropped later included."""


class Outcome(BaseModel):
    """What became of one question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    task: Task | None = None
    evidence: Evidence | None = None
    conversations: tuple[Conversation, ...] = ()
    """One for each solution that passes all tests."""
    rejected: tuple[Rejection, ...] = ()
    tally: Tally

    @property
    def pass_rate(self) -> float | None:
        """That of its task; None where there is no task, or no try of it."""
        return self.evidence.pass_rate if self.evidence else None
