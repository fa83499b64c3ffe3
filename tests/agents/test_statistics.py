from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.agents.evaluation.statistics import Interval, bootstrap_interval, pass_at_k, wilson_interval


def test_wilson_matches_published_values() -> None:
    interval = wilson_interval(8, 10)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.4902, 0.9433)
    assert wilson_interval(0, 0) == Interval(0.0, 1.0)
    assert wilson_interval(0, 20).low == 0.0
    assert wilson_interval(20, 20).high == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_wilson_contains_the_rate_and_stays_in_bounds(solved: int, more: int) -> None:
    interval = wilson_interval(solved, solved + more)
    assert 0.0 <= interval.low <= interval.high <= 1.0
    if solved + more:
        assert interval.low <= solved / (solved + more) <= interval.high


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_drawn_subsets_that_hold_a_solution(case: tuple[int, int, int]) -> None:
    samples, solved, k = case
    draws = list(combinations([True] * solved + [False] * (samples - solved), k))
    assert pass_at_k(samples, solved, k) == pytest.approx(fmean(any(draw) for draw in draws))


def test_samples_of_one_task_do_not_count_as_independent() -> None:
    clustered = bootstrap_interval([[1.0] * 10, [0.0] * 10, [1.0] * 10, [0.0] * 10])
    single = bootstrap_interval([[value] for value in [1.0, 0.0] * 20])
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_bootstrap_is_repeatable_and_covers_the_mean() -> None:
    values = [[0.0, 1.0], [1.0], [], [0.0, 0.0, 1.0]]
    first = bootstrap_interval(values, seed=3)
    assert first == bootstrap_interval(values, seed=3)
    assert first.low <= 0.5 <= first.high


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: wilson_interval(3, 2), "successes is 3"),
        (lambda: wilson_interval(1, 2, confidence=1.0), "confidence is 1.0"),
        (lambda: bootstrap_interval([[]]), "no values"),
        (lambda: pass_at_k(3, 1, 4), "pass@4"),
    ],
)
def test_impossible_numbers_are_named(call, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        call()
