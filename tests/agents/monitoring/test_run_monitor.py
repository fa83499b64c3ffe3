"""A run as the monitor follows it, while others write its logs; and the same run cut off and resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.agents.monitoring.alert import Alert, read_alerts, standing
from replgym.agents.monitoring.alert_rules import step_rules
from replgym.agents.monitoring.best_checkpoint import BestCheckpoint
from replgym.agents.monitoring.failure_rate import FailureRate
from replgym.agents.monitoring.jsonl_sink import JsonlSink
from replgym.agents.monitoring.run_monitor import RunMonitor
from replgym.agents.monitoring.step_record import StepRecord, read_records, records_by_step
from replgym.agents.rollouts.episode import Failure
from replgym.agents.run_settings.monitoring import (
    Action,
    AlertSettings,
    FailureRule,
    NotANumberRule,
    RewardRule,
    ToolRule,
)

from .logged import episode, log
from .test_best_checkpoint import save

ALERTS = AlertSettings(
    failures=FailureRule(window=4),
    reward_collapse=RewardRule(window=2, action=Action.STOP),
    tool_abandonment=ToolRule(action=Action.OFF),
)


def monitor(root: Path, alerts: AlertSettings = ALERTS) -> RunMonitor:
    (root / "models").mkdir(parents=True, exist_ok=True)
    return RunMonitor(
        root / "episodes",
        sink=JsonlSink(root / "metrics.jsonl", root / "alerts.jsonl"),
        rules=step_rules(alerts, exact=True, tools=True, groups=False),
        failures=FailureRate(alerts.failures),
        best=BestCheckpoint(root / "checkpoints", root / "models" / "best"),
        report=lambda told: log_report(root, told),
        history=records_by_step(root / "metrics.jsonl"),
        standing=standing(read_alerts(root / "alerts.jsonl")),
    )


def log_report(root: Path, told: str) -> None:
    with (root / "told").open("a") as file:
        file.write(told + "\n")


def take(watching: RunMonitor, root: Path, step: int, reward: float, heldout: float | None = None) -> None:
    """A step of ten episodes, so much of them solved."""
    log(root / "episodes", *(episode(f"{step}-{n}", step=step, passed=[n < 10 * reward]) for n in range(10)))
    if heldout is not None:
        save(root, step)
        held = [episode(f"h{n}", step=step, task=str(n), passed=[n < 10 * heldout]) for n in range(10)]
        log(root / "episodes", *held, name="heldout-a-1")
    watching.on_step(step, {"training/global_step": step, "actor/entropy": 1.0, "timing_s/step": 2.0})


def alerts_of(root: Path) -> list[tuple[str, str, int]]:
    path = root / "alerts.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(one["rule"], one["event"], one["step"]) for one in map(json.loads, lines)]


def test_a_run_that_learns_measures_and_keeps_its_best(tmp_path: Path) -> None:
    watching = monitor(tmp_path)
    for step, reward, heldout in ((1, 0.2, None), (2, 0.4, 0.5), (3, 0.6, None), (4, 0.6, 0.3)):
        take(watching, tmp_path, step, reward, heldout)
        assert watching.fault() is None
    records = list(read_records(tmp_path / "metrics.jsonl"))
    assert [record.values["rollout/reward"] for record in records] == pytest.approx([0.2, 0.4, 0.6, 0.6])
    assert [record.values.get("heldout/reward") for record in records] == [None, 0.5, None, 0.3]
    assert alerts_of(tmp_path) == []
    chosen = json.loads((tmp_path / "models" / "best" / "selection.json").read_text())
    assert chosen == {"step": 2, "reward": 0.5, "solved": 0.5, "episodes": 10}
    assert (tmp_path / "told").read_text() == "step 2 is the best so far, with a held-out reward of 0.5\n"


def test_a_full_disk_costs_the_best_checkpoint_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", full)
    take(monitor(tmp_path), tmp_path, 1, 0.5, heldout=0.5)
    assert "could not be kept as the best: [Errno 28]" in (tmp_path / "told").read_text()


def test_a_collapse_stops_the_run_and_is_told_once(tmp_path: Path) -> None:
    watching = monitor(tmp_path)
    for step, reward in enumerate((0.8, 0.8, 0.0), start=1):
        take(watching, tmp_path, step, reward)
    assert watching.fault() is None
    for step in (4, 5):
        take(watching, tmp_path, step, 0.0)
    assert (
        watching.fault()
        == "alert reward_collapse: mean reward over 2 steps is 0, below 0.4; its best was 0.8"
    )
    assert alerts_of(tmp_path) == [("reward_collapse", "started", 4)]
    for step in (6, 7):
        take(watching, tmp_path, step, 0.8)
    assert watching.fault() is None
    assert alerts_of(tmp_path)[1:] == [("reward_collapse", "ended", 6)]


def test_failures_stop_a_run_whose_step_never_ends(tmp_path: Path) -> None:
    watching = monitor(tmp_path)
    log(tmp_path / "episodes", *(episode(str(n), failure=Failure.KERNEL) for n in range(3)))
    assert watching.fault() is None
    log(tmp_path / "episodes", episode("4"))
    assert watching.fault() == "alert failures: 3 of the last 4 episodes failed: kernel: no memory"
    assert watching.fault() is not None
    assert alerts_of(tmp_path) == [("failures", "started", 1)]
    log(tmp_path / "episodes", *(episode(str(n)) for n in range(5, 9)))
    assert watching.fault() is None
    assert alerts_of(tmp_path)[1:] == [("failures", "ended", 1)]


def test_a_rule_on_episodes_can_be_off(tmp_path: Path) -> None:
    watching = monitor(tmp_path, AlertSettings(failures=FailureRule(window=1, action=Action.OFF)))
    log(tmp_path / "episodes", episode("a", failure=Failure.KERNEL))
    assert watching.fault() is None


def test_what_verl_writes_for_a_nan_stops_the_run(tmp_path: Path) -> None:
    watching = monitor(tmp_path)
    watching.on_step(1, {"training/global_step": 1, "actor/grad_norm": None})
    assert watching.fault() == "alert not_a_number: policy/gradient_norm: not a number"
    assert next(read_records(tmp_path / "metrics.jsonl")).broken == ("policy/gradient_norm",)


def test_a_resumed_run_ends_as_one_that_was_never_cut_off(tmp_path: Path) -> None:
    rewards = (0.4, 0.8, 0.8, 0.3, 0.2, 0.1, 0.9, 0.9)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    watching = monitor(whole)
    for step, reward in enumerate(rewards, start=1):
        take(watching, whole, step, reward, heldout=reward)
    for part in (rewards[:3], rewards[3:4], rewards[4:]):
        resumed = monitor(cut)
        done = len(list(read_records(cut / "metrics.jsonl")))
        for step, reward in enumerate(part, start=done + 1):
            take(resumed, cut, step, reward, heldout=reward)
    assert (cut / "metrics.jsonl").read_text() == (whole / "metrics.jsonl").read_text()
    assert (
        alerts_of(cut)
        == alerts_of(whole)
        == [("reward_collapse", "started", 5), ("reward_collapse", "ended", 7)]
    )
    selections = [json.loads((root / "models/best/selection.json").read_text()) for root in (whole, cut)]
    assert selections[0] == selections[1]
    assert selections[0]["step"] == 7


def test_a_run_that_an_alert_stopped_can_go_on_until_it_starts_anew(tmp_path: Path) -> None:
    watching = monitor(tmp_path)
    for step, reward in enumerate((0.8, 0.8, 0.0, 0.0), start=1):
        take(watching, tmp_path, step, reward)
    assert watching.fault() is not None
    resumed = monitor(tmp_path)
    assert resumed.fault() is None
    take(resumed, tmp_path, 5, 0.0)
    assert resumed.fault() is not None
    assert alerts_of(tmp_path) == [
        ("reward_collapse", "started", 4),
        ("reward_collapse", "ended", 4),
        ("reward_collapse", "started", 5),
    ]


def test_a_warning_that_stood_ends_after_the_resume(tmp_path: Path) -> None:
    alerts = AlertSettings(
        failures=FailureRule(window=1, action=Action.WARN), not_a_number=NotANumberRule(action=Action.WARN)
    )
    watching = monitor(tmp_path, alerts)
    log(tmp_path / "episodes", episode("a", failure=Failure.JUDGE))
    watching.on_step(1, {"training/global_step": 1, "actor/loss": None})
    assert watching.fault() is None
    resumed = monitor(tmp_path, alerts)
    assert len(alerts_of(tmp_path)) == 2
    take(resumed, tmp_path, 2, 0.5)
    assert resumed.fault() is None
    assert sorted(alerts_of(tmp_path)[2:]) == [("failures", "ended", 3), ("not_a_number", "ended", 2)]


def test_a_warning_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    alerts = AlertSettings(not_a_number=NotANumberRule(action=Action.WARN))
    watching = monitor(tmp_path, alerts)
    for step, value in enumerate((None, None, 0.5), start=1):
        watching.on_step(step, {"training/global_step": step, "actor/loss": value})
    assert watching.fault() is None
    assert alerts_of(tmp_path) == [("not_a_number", "started", 1), ("not_a_number", "ended", 3)]


def test_the_sink_is_told_steps_before_their_alerts(tmp_path: Path) -> None:
    seen: list[str] = []

    class Recorded:
        name = "recorder"

        def step(self, record: StepRecord) -> None:
            seen.append(f"step {record.step}")

        def alert(self, alert: Alert) -> None:
            seen.append(f"alert {alert.step}")

        def close(self) -> None:
            seen.append("closed")

    alerts = AlertSettings()
    watching = RunMonitor(
        tmp_path,
        sink=Recorded(),
        rules=step_rules(alerts, exact=True, tools=False, groups=False),
        failures=FailureRate(alerts.failures),
        best=BestCheckpoint(tmp_path, tmp_path / "best"),
        report=seen.append,
    )
    watching.on_step(1, {"training/global_step": 1, "actor/loss": None})
    watching.close()
    assert seen == ["step 1", "alert 1", "closed"]
