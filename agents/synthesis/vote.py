"""Labels by majority, and the golden solution: pure functions of what solutions wrote.

As in the dual verification of X-Coder (arXiv 2601.06953), sampled solutions first label the tests by their
votes, and the labelled tests then choose among the solutions. X-Coder weighs tests by how hard they are; here
a test weighs as much as its voters agree, so that a doubtful label decides least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .rejection import Reason

_FEWEST_VOTES = 2
"""A single voice is no vote."""

Ballot = str | None
"""What one solution wrote for one input; None when it failed, which is a voice for nothing."""


@dataclass(frozen=True, slots=True)
class Label:
    """The answer that an election gave."""

    output: str
    votes: int
    voters: int
    """All solutions, those that failed included."""

    @property
    def agreement(self) -> float:
        """Share of the voters that wrote it."""
        return self.votes / self.voters


def elect(ballots: Sequence[Ballot], *, min_agreement: float) -> Label | Reason:
    """The label of one input.

    Args:
        ballots: One for each solution; equal texts are equal answers.
        min_agreement: The least share of all solutions that must have written it.

    Returns:
        The answer with the most votes; or why there is none: nothing was written, two answers have the most
        votes, or the share is too low, which that of a single vote always is.
    """
    counts = Counter(ballot for ballot in ballots if ballot is not None).most_common(2)
    if not counts:
        return Reason.NO_OUTPUT
    output, votes = counts[0]
    if len(counts) > 1 and counts[1][1] == votes:
        return Reason.TIE
    label = Label(output, votes, len(ballots))
    if votes < _FEWEST_VOTES or label.agreement < min_agreement:
        return Reason.LOW_AGREEMENT
    return label


def choose_golden(solutions: Sequence[Sequence[Ballot]], labels: Sequence[Label]) -> int:
    """The place of the golden solution.

    It is the one that agrees with the most labels; among equals the one whose labels have the higher sum of
    agreements; among equals of both the first.

    Args:
        solutions: What each of them, at least one, wrote for the inputs that have labels.
        labels: Those labels.
    """
    return max(range(len(solutions)), key=lambda place: (*_merit(solutions[place], labels), -place))


def passes(ballots: Sequence[Ballot], labels: Sequence[Label]) -> tuple[bool, ...]:
    """With which labels a solution agrees."""
    return tuple(ballot == label.output for ballot, label in zip(ballots, labels, strict=True))


def _merit(ballots: Sequence[Ballot], labels: Sequence[Label]) -> tuple[int, float]:
    agreed = [label for passed, label in zip(passes(ballots, labels), labels, strict=True) if passed]
    # Votes, not shares: sums of whole numbers do not depend on their order, and all have the same voters.
    return len(agreed), sum(label.votes for label in agreed)
