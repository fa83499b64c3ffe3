from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards import (
    CallFacts,
    EpisodeFacts,
    Outcome,
    RewardError,
    Rubric,
    TestOutcome,
    TokenFacts,
    TurnFacts,
    Verdict,
)

_HALF = Verdict((TestOutcome("a", Outcome.PASSED), TestOutcome("b", Outcome.TIMEOUT)))
_ALL = Verdict((TestOutcome("a", Outcome.PASSED),))
HALF, ALL, NOTHING = EpisodeFacts(_HALF, "x"), EpisodeFacts(_ALL, "x"), EpisodeFacts()


def test_parts_are_weighted_and_summed() -> None:
    rubric = Rubric({"passed": 1.0, "fraction": 0.2, "submitted": 0.1})
    assert rubric.score(ALL).total == pytest.approx(1.3)
    half = rubric.score(HALF)
    assert dict(half.parts) == {"passed": 0.0, "fraction": pytest.approx(0.1), "submitted": 0.1}
    assert half.total == pytest.approx(0.2)


def test_nothing_submitted_earns_nothing() -> None:
    assert Rubric({"passed": 1.0, "fraction": 1.0, "submitted": 1.0}).score(NOTHING).total == 0.0


def test_an_empty_verdict_earns_nothing() -> None:
    assert Rubric({"passed": 1.0, "fraction": 1.0}).score(EpisodeFacts(Verdict(()), "x")).total == 0.0


def test_own_functions_stand_beside_the_built_in_ones() -> None:
    short = {"short": lambda facts: len(facts.turns)}
    facts = EpisodeFacts(_ALL, "x", (TurnFacts("a"),) * 3)
    assert Rubric({"passed": 1.0, "short": -0.1}, functions=short).score(facts).total == pytest.approx(0.7)
    with pytest.raises(RewardError, match="'short' takes no options, but got 'least'"):
        Rubric({"short": {"weight": 1, "least": 2}}, functions=short)


def test_rubrics_are_summed_scaled_and_clipped() -> None:
    rubric = Rubric.preset("xcoder") + Rubric({"submitted": 0.25})
    assert rubric.score(HALF).total == 2.75
    assert dict(rubric.weights) == {"execution": 1.0, "submitted": 0.25}
    assert (0.5 * rubric).score(HALF).total == (rubric * 0.5).score(HALF).total == 1.375
    clipped = rubric.clipped(-1, 1)
    assert dict(clipped.score(HALF).parts) == {"execution": 2.5, "submitted": 0.25, "clip": -1.75}
    assert clipped.score(NOTHING).total == -1.0
    assert (clipped + Rubric({"submitted": 1.0})).score(HALF).total == 2.0
    assert (-2 * clipped).score(HALF).total == -2.0
    assert (clipped * -1 + clipped).score(NOTHING).total == 0.0


def test_the_same_reward_twice_counts_twice() -> None:
    rubric = Rubric({"fraction": 1.0}) + Rubric({"fraction": 0.5})
    assert dict(rubric.weights) == {"fraction": 1.5}
    assert dict(rubric.score(HALF).parts) == {"fraction": 0.75}


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=3),
    st.tuples(st.floats(-5, 0), st.floats(0, 5)),
    st.floats(-3, 3),
)
def test_parts_add_up_to_the_reward(weights: list[float], clip: tuple[float, float], factor: float) -> None:
    names = ("fraction", "submitted", "execution")
    rubric = Rubric(dict(zip(names, weights, strict=False)), clip=clip)
    for facts in (HALF, ALL, NOTHING):
        inside = rubric.score(facts)
        assert clip[0] <= inside.total <= clip[1]
        whole = (factor * rubric + rubric).score(facts)
        assert whole.total == pytest.approx(math.fsum(whole.parts.values()), abs=1e-9)
        assert whole.total == pytest.approx((factor + 1) * inside.total, abs=1e-9)


@pytest.mark.parametrize(
    ("config", "reward"),
    [
        ("pass-rate", 0.5),
        ({"fraction": 2, "passed": 1}, 1.0),
        ({"execution": {"best": 3.0}}, 1.5),
        ({"execution": {"weight": 2, "best": 3.0}}, 3.0),
        ({"preset": "xcoder"}, 2.5),
        ({"preset": {"name": "prime", "continuous": False}}, 0.0),
        ({"preset": "xcoder", "submitted": 0.5}, 3.0),
        ({"preset": "xcoder", "submitted": 0.5, "clip": [-1, 1]}, 1.0),
        ({"fraction": 4, "clip": (0, 1.5)}, 1.5),
    ],
)
def test_a_rubric_is_read_from_a_configuration(config: Any, reward: float) -> None:
    assert Rubric.of(config).score(HALF).total == reward


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"pased": 1.0}, "unknown reward 'pased'; use some of: code-r1, execution, fraction"),
        ({}, "a rubric needs at least one weight; use some of: code-r1"),
        ({"clip": [0, 1]}, "a rubric needs at least one weight"),
        ({"passed": math.nan}, "the weight of reward 'passed' is nan; it must be finite"),
        ({"passed": "much"}, "the weight of reward 'passed' is 'much'; it must be a number"),
        ({"passed": True}, "the weight of reward 'passed' is True; it must be a number"),
        ({"passed": {"wait": 1}}, "reward 'passed' has no option 'wait'; it takes: none"),
        (
            {"overlong": {"bufer": 9}},
            "reward 'overlong' has no option 'bufer'; it takes: buffer, factor, limit",
        ),
        (
            {"overlong": {"limit": 0}},
            "reward 'overlong': option limit=0 is not allowed: input should be greater",
        ),
        ({"overlong": {"limit": 3, "buffer": 9}}, "buffer 9 is larger than limit 3; give at most the limit"),
        (
            {"execution": {"best": math.inf}},
            "option best=inf is not allowed: input should be a finite number",
        ),
        ("xcodr", "unknown preset 'xcodr'; use one of: all-pass, code-r1, dapo, format, kodcode, pass-rate"),
        ({"preset": 3}, "preset 3 is not allowed: give its name, or a mapping with name and options"),
        (
            {"preset": {"name": "xcoder", "size": 2}},
            "preset 'xcoder' has no option 'size'; it takes: distilled",
        ),
        ({"preset": {"name": "xcoder", "distilled": "no"}}, "option distilled='no' is not allowed"),
        ({"preset": {"name": "format", "style": "nice"}}, "option style='nice' is not allowed"),
        ({"preset": {"name": "dapo", "buffer": -1}}, "option buffer=-1 is not allowed"),
        ({"passed": 1, "clip": [1, 0]}, "clip [1, 0] is not allowed: give the least and the most"),
        ({"passed": 1, "clip": 3}, "clip 3 is not allowed"),
    ],
    ids=str,
)
def test_wrong_configurations_are_told_in_one_line(config: Any, told: str) -> None:
    with pytest.raises(RewardError) as caught:
        Rubric.of(config)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_length_that_nobody_counted_is_told() -> None:
    rubric = Rubric({"overlong": 1.0})
    assert rubric.score(NOTHING).total == 0.0
    with pytest.raises(RewardError, match="'overlong' needs the number of tokens of the response"):
        rubric.score(EpisodeFacts(turns=(TurnFacts("a"),)))
    short = EpisodeFacts(turns=(TurnFacts("a", tokens=TokenFacts(response=3, limit=8)),))
    with pytest.raises(RewardError, match="buffer 9 is larger than the limit 8"):
        Rubric({"overlong": {"buffer": 9}}).score(short)


@pytest.mark.parametrize(
    ("turn", "void", "valid"),
    [
        (TurnFacts("", (CallFacts("python_interpreter", "1/0"),)), False, True),
        (TurnFacts("", (CallFacts("submit"),)), False, True),
        (TurnFacts("", answered=True), False, True),
        (TurnFacts("", (CallFacts("browser", refused=True),)), True, False),
        (TurnFacts("", (CallFacts("browser", refused=True), CallFacts("submit"))), False, False),
        (TurnFacts("", parse_error="the block is not closed"), True, False),
    ],
)
def test_a_void_turn_brings_neither_code_nor_an_answer(turn: TurnFacts, void: bool, valid: bool) -> None:
    assert (turn.void, turn.valid) == (void, valid)
    facts = EpisodeFacts(turns=(turn, turn))
    assert Rubric({"void-turns": -0.5}).score(facts).total == -1.0 * void
