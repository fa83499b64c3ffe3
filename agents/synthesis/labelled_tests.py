"""From what solutions wrote to tests with labels and a golden solution."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...rewards.comparison import TokenText
from ...rewards.tests import CallCase, CallTests, StdioCase, StdioTests, Tests
from .rejection import Reason
from .sandbox_runs import RunEnd, RunOutput
from .vote import Ballot, Label, choose_golden, elect, passes


@dataclass(frozen=True, slots=True)
class LabelledTests:
    """Inputs that got a label, and how the solutions do on them."""

    inputs: tuple[Any, ...]
    labels: tuple[Label, ...]
    expected: tuple[str, ...]
    """The labels as the golden solution wrote them, where it agrees."""
    passed: tuple[tuple[bool, ...], ...]
    """Solution by solution, with which labels it agrees."""
    answered: tuple[tuple[bool, ...], ...]
    """Solution by solution, for which inputs it wrote anything."""
    golden: int
    unlabelled: tuple[tuple[Any, Reason, str], ...]
    """Inputs without a label, and why."""

    @property
    def golden_share(self) -> float:
        """The share of the labels with which the golden solution agrees."""
        return sum(self.passed[self.golden]) / max(1, len(self.labels))

    def is_mistaken(self, solution: int) -> bool:
        """Whether a solution wrote something else than a label; one that was only late is not mistaken."""
        both = zip(self.answered[solution], self.passed[solution], strict=True)
        return any(answered and not passed for answered, passed in both)

    def where_golden_agrees(self) -> LabelledTests:
        """These tests without those on which the golden solution is out-voted."""
        kept = [place for place, passed in enumerate(self.passed[self.golden]) if passed]
        out = [place for place in range(len(self.labels)) if place not in kept]
        told = "the golden solution is out-voted"
        return LabelledTests(
            inputs=tuple(self.inputs[place] for place in kept),
            labels=tuple(self.labels[place] for place in kept),
            expected=tuple(self.expected[place] for place in kept),
            passed=tuple(tuple(row[place] for place in kept) for row in self.passed),
            answered=tuple(tuple(row[place] for place in kept) for row in self.answered),
            golden=self.golden,
            unlabelled=(
                *self.unlabelled,
                *((self.inputs[place], Reason.GOLDEN_DISAGREES, told) for place in out),
            ),
        )

    def tests(self, entry_point: str, seconds: float) -> Tests:
        """The tests as a task has them; programs are compared token by token, as they voted.

        Args:
            entry_point: The function that is called; empty for programs.
            seconds: Of a program for one input.
        """
        pairs = list(zip(self.inputs, self.expected, strict=True))
        if entry_point:
            calls = (CallCase(arguments=tuple(args), expected=json.loads(text)) for args, text in pairs)
            return CallTests(entry_point=entry_point, cases=tuple(calls))
        return StdioTests(
            cases=tuple(StdioCase(stdin=stdin, expected=text) for stdin, text in pairs),
            comparison=TokenText(),
            seconds_per_case=seconds,
        )


def label_tests(
    inputs: Sequence[Any], runs: Sequence[Sequence[RunOutput]], *, min_agreement: float
) -> LabelledTests:
    """Holds an election for every input, then chooses the golden solution.

    Args:
        inputs: Texts, which programs read and answer in tokens, or lists of arguments, which functions answer
            with a value.
        runs: Solution by solution, its run on every input.
        min_agreement: The least share of the solutions behind a label.
    """
    ballots = [list(map(_ballot, inputs, row)) for row in runs]
    places, labels, unlabelled = [], [], []
    for place, value in enumerate(inputs):
        found = elect([row[place] for row in ballots], min_agreement=min_agreement)
        if isinstance(found, Label):
            places.append(place)
            labels.append(found)
        else:
            unlabelled.append((value, found, _told([row[place] for row in ballots])))
    table = [[row[place] for place in places] for row in ballots]
    passed = tuple(passes(row, labels) for row in table)
    golden = choose_golden(table, labels)
    return LabelledTests(
        inputs=tuple(inputs[place] for place in places),
        labels=tuple(labels),
        expected=tuple(
            runs[golden][place].text if right else label.output
            for place, label, right in zip(places, labels, passed[golden], strict=True)
        ),
        passed=passed,
        answered=tuple(tuple(ballot is not None for ballot in row) for row in table),
        golden=golden,
        unlabelled=tuple(unlabelled),
    )


def _ballot(value: Any, run: RunOutput) -> Ballot:
    """What counts as one answer: the same tokens or the same value, as the task's tests will have it."""
    if run.end is not RunEnd.ANSWERED:
        return None
    return " ".join(run.text.split()) if isinstance(value, str) else run.text


def _told(ballots: Sequence[Ballot]) -> str:
    votes = sorted((ballots.count(each) for each in set(ballots) if each is not None), reverse=True)
    return f"votes {', '.join(map(str, votes)) or 'none'} of {len(ballots)}"
