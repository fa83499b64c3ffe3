from __future__ import annotations

import math

import pytest

from replgym.rewards import Outcome, Rubric, Submission, TestOutcome, Verdict

_HALF = Verdict((TestOutcome("a", Outcome.PASSED), TestOutcome("b", Outcome.TIMEOUT)))
_ALL = Verdict((TestOutcome("a", Outcome.PASSED),))


def test_parts_are_weighted_and_summed() -> None:
    rubric = Rubric({"passed": 1.0, "fraction": 0.2, "submitted": 0.1})
    assert rubric.score(Submission(_ALL, submitted=True)).total == pytest.approx(1.3)
    half = rubric.score(Submission(_HALF, submitted=True))
    assert dict(half.parts) == {"passed": 0.0, "fraction": pytest.approx(0.1), "submitted": 0.1}
    assert half.total == pytest.approx(0.2)


def test_nothing_submitted_earns_nothing() -> None:
    assert Rubric({"passed": 1.0, "fraction": 1.0, "submitted": 1.0}).score(Submission()).total == 0.0


def test_an_empty_verdict_earns_nothing() -> None:
    assert Rubric({"passed": 1.0, "fraction": 1.0}).score(Submission(Verdict(()), True)).total == 0.0


def test_own_functions_stand_beside_the_built_in_ones() -> None:
    rubric = Rubric({"passed": 1.0, "short": -0.1}, functions={"short": lambda record: record.turns})
    assert rubric.score(Submission(_ALL, True, turns=3)).total == pytest.approx(0.7)


@pytest.mark.parametrize("weights", [{"pased": 1.0}, {}])
def test_wrong_names_are_answered_with_the_right_ones(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="use some of: fraction, passed, submitted") as caught:
        Rubric(weights)
    assert "\n" not in str(caught.value)


def test_weights_are_finite() -> None:
    with pytest.raises(ValueError, match="'passed' is nan"):
        Rubric({"passed": math.nan})
