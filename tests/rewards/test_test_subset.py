"""Capped tests are the same for every submission and on every machine."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards import AssertTests, CallCase, CallTests, CheckTests, Judge, StdioCase, StdioTests
from replgym.rewards.test_subset import choose_subset

CASES = tuple(CallCase(arguments=(n,), expected=n) for n in range(20))
TESTS = CallTests(entry_point="f", cases=CASES)
PLACES = (1, 7, 9, 10, 13)


def test_choice_is_fixed_for_ever() -> None:
    subset, places = choose_subset(TESTS, 5)
    assert places == PLACES
    assert isinstance(subset, CallTests)
    assert subset.cases == tuple(CASES[place] for place in PLACES)


def test_tests_below_the_cap_stay() -> None:
    assert choose_subset(TESTS, None) == choose_subset(TESTS, 20) == (TESTS, None)


@given(st.integers(1, 19), st.randoms(use_true_random=False))
def test_choice_depends_on_the_tests_alone(most: int, chance: random.Random) -> None:
    order = list(range(20))
    chance.shuffle(order)
    shuffled = CallTests(entry_point="f", cases=tuple(CASES[place] for place in order))
    places = choose_subset(shuffled, most)[1] or ()
    assert {order[place] for place in places} == set(choose_subset(TESTS, most)[1] or ())
    assert set(places) <= set(choose_subset(shuffled, most + 1)[1] or range(20))


def test_every_listed_kind_is_capped_and_programs_are_not() -> None:
    stdio = StdioTests(cases=tuple(StdioCase(stdin=f"\ud800{n}", expected="") for n in range(9)))
    asserts = AssertTests(statements=tuple(f"assert f({n})" for n in range(9)))
    for tests in (stdio, asserts):
        _, places = choose_subset(tests, 4)
        assert places is not None
        assert len(places) == 4
    check = CheckTests(entry_point="f", source="def check(f):\n    assert f(1)\n    assert f(2)")
    assert choose_subset(check, 1) == (check, None)


def test_bad_cap_is_refused() -> None:
    with pytest.raises(ValueError, match="max_tests is 0"):
        choose_subset(TESTS, 0)
    with pytest.raises(ValueError, match="max_tests is 0"):
        Judge(max_tests=0)


@pytest.mark.asyncio(loop_scope="function")
async def test_judge_runs_and_records_the_subset() -> None:
    async with Judge(concurrency=1, max_tests=5) as judge:
        verdict = await judge.grade(TESTS, f"def f(n): return n if n != {PLACES[1]} else -1", time_limit=20)
    assert verdict.subset == PLACES
    assert [test.name for test in verdict.tests] == [f"test_{place + 1}" for place in PLACES]
    assert [test.outcome == "passed" for test in verdict.tests] == [True, False, True, True, True]


def test_arguments_of_any_kind_have_a_rank() -> None:
    mixed = CallTests(
        entry_point="f",
        cases=tuple(CallCase(arguments=({1: n, "a": {2, 1}},), expected=None) for n in range(3)),
    )
    turned = CallTests(
        entry_point="f",
        cases=tuple(CallCase(arguments=({"a": {1, 2}, 1: n},), expected=None) for n in range(3)),
    )
    assert choose_subset(mixed, 2)[1] == choose_subset(turned, 2)[1] is not None
