"""`replgym watch`: a run shown from its folder alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.agents.monitoring.alert import Alert, AlertEvent
from replgym.agents.monitoring.jsonl_sink import JsonlSink
from replgym.agents.monitoring.step_record import StepRecord
from replgym.agents.run_settings.monitoring import Action
from replgym.cli import main


def alert(rule: str, event: AlertEvent, step: int) -> Alert:
    return Alert(rule=rule, event=event, action=Action.WARN, step=step, message=f"{rule} is odd")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "160")
    folder = tmp_path / "try"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    return folder


def shown(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["watch", str(root), "--once", *options]) == 0
    return capsys.readouterr().out


def test_a_run_before_its_first_step(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(root, capsys).startswith("try: no step is over yet")


def test_the_last_steps_and_what_stands(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sink = JsonlSink(root / "metrics.jsonl", root / "alerts.jsonl")
    for step in (1, 2, 3):
        sink.step(StepRecord(step, {"rollout/solved": step / 10, "speed/tokens": 1234.5}))
    sink.step(StepRecord(3, {"heldout/reward": 0.625}))
    sink.alert(alert("reward_collapse", AlertEvent.STARTED, 1))
    sink.alert(alert("runaway_length", AlertEvent.STARTED, 2))
    sink.alert(alert("reward_collapse", AlertEvent.ENDED, 2))
    best = root / "models" / "best"
    best.mkdir(parents=True)
    (best / "selection.json").write_text(json.dumps({"step": 2, "reward": 0.5, "solved": 0.5, "episodes": 9}))
    text = shown(root, capsys, "--rows", "2")
    rows = [line.split() for line in text.splitlines() if line.strip()[:1].isdigit()]
    assert rows == [["2", "20%", "1,234"], ["3", "30%", "0.625", "1,234"]]
    assert "best: step 2, held-out reward 0.5" in text
    assert "alert runaway_length started at step 2: runaway_length is odd" in text
    assert "reward_collapse" not in text
    assert "training is over" not in text
    (root / "stages").mkdir()
    (root / "stages" / "training").touch()
    assert "training is over" in shown(root, capsys)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "holds no run.json; give the folder that 'replgym train' printed"),
        (["nowhere", "--rows", "0"], "--rows 0 is not allowed: give more than 0"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", *arguments]) == 2
    assert told in capsys.readouterr().err
