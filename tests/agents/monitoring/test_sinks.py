"""Sinks: the real packages write, and what they wrote is read back; a sink that fails costs nothing else."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from replgym.agents.monitoring.alert import Alert, AlertEvent
from replgym.agents.monitoring.background_sink import BackgroundSink, SinkTooSlowError
from replgym.agents.monitoring.console_sink import ConsoleSink
from replgym.agents.monitoring.jsonl_sink import JsonlSink
from replgym.agents.monitoring.mlflow_sink import MlflowSink
from replgym.agents.monitoring.sink_group import SinkGroup
from replgym.agents.monitoring.step_record import StepRecord, read_records
from replgym.agents.monitoring.tensorboard_sink import TensorboardSink
from replgym.agents.monitoring.wandb_sink import WandbSink
from replgym.agents.records.run_data import read_run
from replgym.agents.run_settings.monitoring import Action, MlflowSettings, WandbSettings

from .logged import OK, episode, turn
from .wandb_file import records


def _alert(event: AlertEvent, step: int, message: str) -> Alert:
    return Alert(rule="reward_collapse", event=event, action=Action.WARN, step=step, message=message)


READ = episode("a", turns=[turn((OK, 0.1), action="x = 1", observation="1")])
STEPS = [
    StepRecord(1, {"rollout/solved": 0.25, "val-core/x/acc/mean@2": 0.5}),
    StepRecord(2, {"rollout/solved": 0.75}, broken=("policy/loss",), episodes=(READ,)),
]
STARTED = _alert(AlertEvent.STARTED, 2, "it fell")
ENDED = _alert(AlertEvent.ENDED, 3, "no longer: it fell")


class Recorded:
    """A sink that keeps what it is given, and fails at a step if asked to."""

    name = "recorder"

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at
        self.seen: list[object] = []

    def step(self, record: StepRecord) -> None:
        if record.step == self.fails_at:
            raise ConnectionError("the server\nis gone")
        self.seen.append(record.step)

    def alert(self, alert: Alert) -> None:
        self.seen.append(alert.rule)

    def close(self) -> None:
        self.seen.append("closed")


def test_a_sink_that_fails_is_reported_once_and_left_out() -> None:
    bad, healthy, told = Recorded(fails_at=2), Recorded(), list[str]()
    group = SinkGroup([bad, healthy], told.append)
    for step in (1, 2, 3):
        group.step(StepRecord(step))
    group.alert(STARTED)
    group.close()
    group.close()
    assert told == ["recorder takes no more metrics: the server is gone"]
    assert bad.seen == [1]
    assert healthy.seen == [1, 2, 3, "reward_collapse", "closed"]


def test_a_background_sink_takes_everything_in_order() -> None:
    made = Recorded()
    sink = BackgroundSink("recorder", lambda: made)
    for step in range(50):
        sink.step(StepRecord(step))
    sink.alert(STARTED)
    sink.close()
    assert made.seen == [*range(50), "reward_collapse", "closed"]


@pytest.mark.parametrize("when", ["made", "used"])
def test_what_a_background_sink_meets_is_reported_by_the_group(when: str) -> None:
    def make() -> Recorded:
        if when == "made":
            raise RuntimeError("no key")
        return Recorded(fails_at=1)

    told: list[str] = []
    group = SinkGroup([BackgroundSink("far away", make)], told.append)
    group.step(StepRecord(1))
    group.close()
    reason = "no key" if when == "made" else "the server is gone"
    assert told == [f"far away takes no more metrics: {reason}"]


def test_nobody_waits_for_a_background_sink_that_hangs() -> None:
    free = threading.Event()

    def make() -> Recorded:
        free.wait()
        return Recorded()

    sink = BackgroundSink("hanging", make, patience=0.05)
    for step in range(1000):
        sink.step(StepRecord(step))
    with pytest.raises(SinkTooSlowError, match="1000 steps wait for it already"):
        sink.step(StepRecord(1000))
    another = BackgroundSink("hanging", make, patience=0.05)
    with pytest.raises(SinkTooSlowError, match="did not finish within"):
        another.close()
    free.set()


def test_the_run_folder_holds_what_the_report_reads(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / "metrics.jsonl", tmp_path / "alerts.jsonl")
    for record in STEPS:
        sink.step(record)
    sink.alert(STARTED)
    sink.alert(ENDED)
    assert read_run(tmp_path).metrics == {record.step: record.values for record in STEPS}
    again = list(read_records(tmp_path / "metrics.jsonl"))
    assert [(one.step, one.values, one.broken) for one in again] == [
        (one.step, one.values, one.broken) for one in STEPS
    ]
    alerts = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert [(one["event"], one["action"], one["step"]) for one in alerts] == [
        ("started", "warn", 2),
        ("ended", "warn", 3),
    ]


def test_records_are_read_leniently(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert list(read_records(path)) == []
    path.write_text('[]\n{"step": 1, "data": {"a": 1, "b": "x"}}\n{"step": 2, "da')
    assert list(read_records(path)) == [StepRecord(1, {"a": 1.0})]


def test_the_console_shows_a_line_a_step_and_alerts() -> None:
    console = Console(file=io.StringIO(), width=200)
    sink = ConsoleSink(console, 30)
    values = {
        "rollout/solved": 0.456,
        "rollout/reward": 0.5,
        "groups/none": 0.25,
        "groups/all": 0.25,
        "time/environment_of_step": 0.012,
    }
    sink.step(StepRecord(3, values))
    sink.alert(STARTED)
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "step 3/30: solved 46%, reward 0.5, groups none solved 25%, all solved 25%, environment 1.2%",
        "alert reward_collapse started at step 2: it fell",
    ]


def test_tensorboard_reads_the_event_files(tmp_path: Path) -> None:
    sink = TensorboardSink(tmp_path)
    for record in STEPS:
        sink.step(record)
    sink.alert(STARTED)
    sink.close()
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(one.step, one.value) for one in read.Scalars("rollout/solved")] == [(1, 0.25), (2, 0.75)]
    assert set(read.Tags()["tensors"]) == {"alerts/reward_collapse/text_summary", "episodes/0/text_summary"}
    shown = read.Tensors("episodes/0/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "x = 1" in shown


def test_tensorboard_forgets_the_steps_that_a_resumed_run_takes_again(tmp_path: Path) -> None:
    for first, steps in ((1, (1, 2, 3)), (3, (3, 4))):
        sink = TensorboardSink(tmp_path, first=first)
        for step in steps:
            sink.step(StepRecord(step, {"rollout/solved": first / 4}))
        sink.close()
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    curve = [(one.step, one.value) for one in read.Scalars("rollout/solved")]
    assert curve == [(1, 0.25), (2, 0.25), (3, 0.75), (4, 0.75)]


def test_wandb_offline(tmp_path: Path) -> None:
    for _ in range(2):  # a resumed run goes on in the same run there
        sink = WandbSink(WandbSettings(mode="offline"), tmp_path, {"optimiser.steps": 30})
        for record in STEPS:
            sink.step(record)
        sink.alert(STARTED)
        sink.close()
    files = sorted((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert {file.stem for file in files} == {f"run-{(tmp_path / 'wandb_id').read_text()}"}
    history, alerts, config = [], [], {}
    for record in records(files[0]):
        kind = record.WhichOneof("record_type")
        if kind == "history":
            items = record.history.item
            history.append({".".join(item.nested_key): json.loads(item.value_json) for item in items})
        elif kind == "alert":
            alerts.append((record.alert.title, record.alert.level))
        elif kind == "run":
            config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
    assert [(one["step"], one["rollout/solved"]) for one in history] == [(1, 0.25), (2, 0.75)]
    assert (history[1]["episodes._type"], history[1]["episodes.nrows"]) == ("table-file", 1)
    assert alerts == [("reward_collapse started", "WARN")]
    assert config["optimiser.steps"] == 30


def test_wandb_online_says_that_it_needs_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(RuntimeError, match="there is no API key"):
        WandbSink(WandbSettings(), tmp_path, {})


def test_mlflow_in_local_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    for steps in (STEPS[:1], STEPS[1:]):  # a resumed run goes on in the same run there
        sink = MlflowSink(MlflowSettings(uri=uri, experiment="e"), tmp_path, {"optimiser.steps": 30})
        for record in steps:
            sink.step(record)
        sink.alert(STARTED)
        sink.close()
    client = MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name("e").experiment_id])
    assert [run.info.run_id for run in found] == [(tmp_path / "mlflow_id").read_text()]
    run = found[0]
    curve = client.get_metric_history(run.info.run_id, "rollout/solved")
    assert [(one.step, one.value) for one in curve] == [(1, 0.25), (2, 0.75)]
    assert run.data.metrics["val-core/x/acc/mean_2"] == 0.5
    assert run.data.params == {"optimiser.steps": "30"}
    assert run.data.tags["alert.reward_collapse"] == str(STARTED)
    assert run.info.status == "FINISHED"
    assert [each.path for each in client.list_artifacts(run.info.run_id, "episodes")] == [
        "episodes/step-000002-0.md"
    ]
