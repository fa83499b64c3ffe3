"""Alerts by scripted sequences of steps: when each starts, when it ends, and what it does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from replgym.agents.monitoring.alert_board import AlertBoard
from replgym.agents.monitoring.alert_rules import (
    AlertRule,
    EntropyCollapse,
    LevelLost,
    NotANumber,
    NothingToLearn,
    ProbabilityDifference,
    RewardCollapse,
    RunawayLength,
    ToolAbandonment,
    step_rules,
)
from replgym.agents.monitoring.episode_line import EpisodeLine
from replgym.agents.monitoring.failure_rate import FailureRate
from replgym.agents.monitoring.step_record import StepRecord
from replgym.agents.rollouts.episode import Failure
from replgym.agents.run_settings.monitoring import (
    Action,
    AlertSettings,
    EntropyRule,
    FailureRule,
    GroupRule,
    LengthRule,
    LevelRule,
    NotANumberRule,
    ProbabilityRule,
    RewardRule,
    ToolRule,
)
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.foreground import require_same
from replgym.envs.env_config import ConfigError


def events(rule: AlertRule, metric: str, values: Sequence[float | None]) -> list[tuple[int, str]]:
    """Steps and events of an alert, when the metric takes these values."""
    board, found = AlertBoard(), []
    for step, value in enumerate(values, start=1):
        record = StepRecord(step, {} if value is None else {metric: value})
        alert = board.update(rule.name, rule.action, rule.complaint(record), step)
        if alert is not None:
            found.append((step, str(alert.event)))
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.5, 0.5, 0.5, 0.5], []),
        ([0.6, 0.6, 0.2, 0.2, 0.2], [(4, "started")]),
        ([0.6, 0.6, 0.2, 0.2, 0.6, 0.6], [(4, "started"), (5, "ended")]),
        ([0.6, 0.6, 0.2, 0.2, None, None, 0.9], [(4, "started"), (7, "ended")]),
        ([0.09, 0.09, 0.0, 0.0], []),
        ([-1.0, -1.0, -3.0, -3.0], []),
        ([0.6, 0.0], []),
    ],
    ids=["rises", "falls", "recovers", "missing", "noise", "negative", "a window too short"],
)
def test_reward_collapse(values: list[float | None], expected: list[tuple[int, str]]) -> None:
    rule = RewardCollapse(RewardRule(window=2, fall=0.5, least=0.1))
    assert events(rule, "rollout/reward", values) == expected


def test_reward_collapse_says_what_fell() -> None:
    rule = RewardCollapse(RewardRule(window=1))
    told = [rule.complaint(StepRecord(1, {"rollout/reward": value})) for value in (0.8, 0.2)]
    assert told == [None, "mean reward over 1 steps is 0.2, below 0.4; its best was 0.8"]


def test_a_level_that_is_lost() -> None:
    rule = LevelLost(LevelRule(window=2, fall=0.5, least=0.1))
    shares = (0.6, 0.6, 0.0, 0.0, None, 0.7, 0.7)
    records = (
        StepRecord(step, {"solved/easy": 1.0} | ({} if share is None else {"solved/hard": share}))
        for step, share in enumerate(shares)
    )
    fell = "success of hard over 2 steps is 0, below 0.3; its best was 0.6"
    assert [rule.complaint(record) for record in records] == [None, None, None, fell, fell, None, None]


def test_a_single_level_is_what_the_reward_is_of() -> None:
    rule = LevelLost(LevelRule(window=1))
    assert [rule.complaint(StepRecord(1, {"solved/set": value})) for value in (0.8, 0.0)] == [None, None]


def test_runaway_length() -> None:
    rule = RunawayLength(LengthRule(window=2, growth=3.0))
    values = [100, 100, 200, 300, 300, 300, 100]
    assert events(rule, "rollout/response_tokens", values) == [(5, "started"), (7, "ended")]


def test_tool_abandonment() -> None:
    rule = ToolAbandonment(ToolRule(window=2, share=0.5))
    assert events(rule, "tools/unused", [0.4, 0.6, 0.8, 0.2, 0.2]) == [(3, "started"), (4, "ended")]


def test_entropy_collapse() -> None:
    rule = EntropyCollapse(EntropyRule(window=1, share=0.1))
    assert events(rule, "policy/entropy", [2.0, 1.0, 0.19, 0.1, 0.2]) == [(3, "started"), (5, "ended")]


def test_nothing_to_learn() -> None:
    rule = NothingToLearn(GroupRule(window=2))
    values = [1.0, 0.9, 1.0, 1.0, 1.0, 0.75, 1.0]
    assert events(rule, "groups/equal", values) == [(4, "started"), (6, "ended")]


def test_not_a_number_names_the_metrics() -> None:
    rule = NotANumber(NotANumberRule())
    assert rule.complaint(StepRecord(1)) is None
    broken = StepRecord(2, broken=("policy/loss", "policy/entropy"))
    assert rule.complaint(broken) == "policy/loss, policy/entropy: not a number"


@pytest.mark.parametrize(
    ("settings", "exact", "mean", "largest", "alarms"),
    [
        (ProbabilityRule(), True, 1e-9, 9e-5, False),
        (ProbabilityRule(), True, 1e-9, 1e-4, True),
        (ProbabilityRule(), False, 1e-2, 0.9, False),
        (ProbabilityRule(), False, 6e-2, 0.9, True),
        (ProbabilityRule(largest=0.5), False, 1e-2, 0.9, True),
        (ProbabilityRule(largest=0.5), True, 1e-2, 0.4, False),
    ],
)
def test_probability_difference(
    settings: ProbabilityRule, exact: bool, mean: float, largest: float, alarms: bool
) -> None:
    rule = ProbabilityDifference(settings, exact=exact)
    values = {"policy/probability_difference": mean, "policy/probability_difference_max": largest}
    told = rule.complaint(StepRecord(1, values))
    assert (told is not None) == alarms
    assert rule.complaint(StepRecord(2)) == told, "a step that says nothing changes nothing"


HEALTHY = {
    "rollout/reward": [
        0.05,
        0.2,
        0.27,
        0.39,
        0.12,
        0.45,
        0.42,
        0.44,
        0.42,
        0.73,
        0.41,
        0.62,
        0.61,
        0.7,
        0.7,
        0.69,
        0.72,
        0.83,
        0.86,
        0.84,
        0.62,
        0.73,
        0.84,
        0.83,
        0.7,
        0.88,
        0.75,
        0.81,
        0.84,
        0.94,
        0.78,
        0.89,
        0.8,
        0.86,
        0.89,
        0.91,
        0.91,
        0.95,
        0.92,
        0.95,
    ],
    "policy/entropy": [
        0.032,
        0.038,
        0.027,
        0.036,
        0.02,
        0.018,
        0.016,
        0.026,
        0.025,
        0.019,
        0.028,
        0.044,
        0.043,
        0.03,
        0.036,
        0.028,
        0.033,
        0.02,
        0.017,
        0.022,
        0.025,
        0.041,
        0.022,
        0.035,
        0.029,
        0.032,
        0.038,
        0.034,
        0.028,
        0.015,
        0.031,
        0.02,
        0.023,
        0.027,
        0.019,
        0.02,
        0.013,
        0.012,
        0.011,
        0.009,
    ],
    "rollout/response_tokens": [
        190,
        150,
        182,
        122,
        253,
        241,
        269,
        251,
        147,
        258,
        206,
        285,
        199,
        227,
        254,
        237,
        202,
        253,
        184,
        251,
        355,
        232,
        259,
        252,
        255,
        166,
        298,
        300,
        284,
        208,
        283,
        242,
        352,
        263,
        178,
        193,
        215,
        200,
        318,
        260,
    ],
}
"""What a run of the default configuration measured, which learned well."""


@pytest.mark.parametrize("metric", HEALTHY)
def test_a_run_that_learns_alarms_nobody(metric: str) -> None:
    for rule in step_rules(AlertSettings(), exact=True, tools=True, groups=True):
        assert events(rule, metric, HEALTHY[metric]) == []


def failed(count: int) -> list[EpisodeLine]:
    return [EpisodeLine(failure=Failure.KERNEL, failure_message="no memory")] * count


def good(count: int) -> list[EpisodeLine]:
    return [EpisodeLine(reward=0.0)] * count


@pytest.mark.parametrize(
    ("seen", "stops"),
    [
        (failed(63), False),
        (failed(64), True),
        (good(32) + failed(32), True),
        (failed(32) + good(33), False),
        (good(200), False),
        (good(100) + failed(31), False),
    ],
)
def test_failures_of_every_second_episode(seen: list[EpisodeLine], stops: bool) -> None:
    rate = FailureRate(FailureRule())
    for one in seen:
        rate.add(one)
    assert (rate.complaint() is not None) == stops


def test_the_failure_that_was_last_is_told() -> None:
    rate = FailureRate(FailureRule(window=2))
    for one in (*good(1), *failed(1)):
        rate.add(one)
    assert rate.complaint() == "1 of the last 2 episodes failed: kernel: no memory"


def test_an_alert_is_told_once_when_it_starts_and_once_when_it_ends() -> None:
    board = AlertBoard()
    told = [
        board.update("rule", Action.WARN, complaint, step)
        for step, complaint in enumerate([None, "bad", "worse", None, None, "bad"])
    ]
    assert [alert and f"{alert.event} {alert.step}: {alert.message}" for alert in told] == [
        None,
        "started 1: bad",
        None,
        "ended 3: no longer: bad",
        None,
        "started 5: bad",
    ]


def test_only_alerts_that_stop_give_a_reason() -> None:
    board = AlertBoard()
    board.update("mild", Action.WARN, "odd", 1)
    assert board.reason is None
    board.update("grave", Action.STOP, "broken", 1)
    assert board.reason == "alert grave: broken"
    board.update("grave", Action.STOP, None, 2)
    assert board.reason is None


@pytest.mark.parametrize("word", ["off", "warn", "stop"])
def test_actions_are_plain_words_in_yaml(word: str) -> None:
    config = TrainConfig.load("multiturn_cpu", [f"monitoring.alerts.reward_collapse.action={word}"])
    assert config.monitoring.alerts.reward_collapse.action is Action(word)


def test_a_run_may_go_on_with_other_alerts_but_not_with_another_step_size() -> None:
    stored = TrainConfig.load("multiturn_cpu")
    require_same(TrainConfig.load("multiturn_cpu", ["monitoring.alerts.failures.action=warn"]), stored)
    with pytest.raises(ConfigError, match=r"optimiser\.learning_rate"):
        require_same(TrainConfig.load("multiturn_cpu", ["optimiser.learning_rate=1"]), stored)


def test_rules_that_are_off_or_have_no_object_are_left_out() -> None:
    settings = AlertSettings(reward_collapse=RewardRule(action=Action.OFF))
    names = {rule.name for rule in step_rules(settings, exact=True, tools=False, groups=False)}
    assert names == {
        "not_a_number",
        "probability_difference",
        "level_lost",
        "runaway_length",
        "entropy_collapse",
    }
    more = {rule.name for rule in step_rules(settings, exact=True, tools=True, groups=True)}
    assert more - names == {"tool_abandonment", "nothing_to_learn"}
