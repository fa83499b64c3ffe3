"""A whole run by verl on CPU, cut off by Ctrl-C in the middle of GRPO and resumed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from replgym.agents.monitoring.step_record import read_records
from replgym.agents.rollouts.episode_log import read_episodes

from .test_verl_process import ROOT, marked

STEPS, TASKS, SAMPLES = 6, 2, 2
SETTINGS = [
    f"optimiser.steps={STEPS}",
    f"optimiser.tasks_per_step={TASKS}",
    f"rollout.samples_per_task={SAMPLES}",
    "optimiser.save_every=1",
    "optimiser.warmup_steps=0",
    "kernels=4",
    "tasks.levels=[1]",
    "tasks.train_size=20",
    "model.tiny.hidden_size=32",
    "model.tiny.layers=1",
    "model.tiny.vocabulary=400",
    "warm_start.expert_episodes=6",
    "warm_start.novice_episodes=6",
    "warm_start.epochs=1",
    "evaluation.tasks=6",
    "evaluation.samples=1",
    "evaluation.greedy=false",
    "evaluation.concurrency=4",
    f"evaluation.every={STEPS}",
    "monitoring.tensorboard=true",
    "rollout.max_turn_tokens=32",
    "name=short",
]


def command(runs: Path) -> list[str]:
    return [sys.executable, "-m", "replgym.cli", "train", "--runs", str(runs), *SETTINGS]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("verl trainer")
def test_a_run_is_cut_off_and_resumed_to_its_report(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "REPLGYM_TEST": str(tmp_path)}
    mark = f"REPLGYM_TEST={tmp_path}"
    run = tmp_path / "runs" / "short"
    saved = run / "checkpoints" / "latest_checkpointed_iteration.txt"
    with (tmp_path / "out").open("w") as out:
        first = subprocess.Popen(
            command(run.parent), env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while not saved.exists():
                assert first.poll() is None, (tmp_path / "out").read_text()
                time.sleep(0.1)
            first.send_signal(signal.SIGINT)
            assert first.wait(120) == 130, (tmp_path / "out").read_text()
        finally:
            first.kill()
    told, cut = (tmp_path / "out").read_text(), int(saved.read_text())
    hint = shlex.split(told.partition("Go on with: ")[2].splitlines()[0])
    assert hint[:2] == ["replgym", "train"]
    assert left_over(mark) == []
    assert not (run / "report.html").exists()

    again = subprocess.run(
        [sys.executable, "-m", "replgym.cli", *hint[1:]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert left_over(mark) == []
    assert_metrics(run, cut)
    assert_episodes(run)
    assert_monitoring(run)
    assert "</html>" in (run / "report.html").read_text()
    assert (run / "models" / "trained" / "config.json").is_file()
    assert (run / "hydra" / ".hydra" / "overrides.yaml").is_file()
    assert [path.name for path in run.parent.iterdir()] == ["short"]


def left_over(mark: str) -> list[psutil.Process]:
    """Processes of the run that still live a moment after it ended."""
    _, alive = psutil.wait_procs(marked(mark), timeout=10)
    return alive


def assert_metrics(run: Path, cut: int) -> None:
    """Each step has its line but, perhaps, the one that was cut off between its checkpoint and its line."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    told = [line["step"] for line in lines]
    assert told in ([*range(1, STEPS + 1)], [step for step in range(1, STEPS + 1) if step != cut])
    for line in lines:
        assert 0 <= line["data"]["training/rollout_probs_diff_max"] < 1e-5
        assert "critic/score/mean" in line["data"]


def assert_monitoring(run: Path) -> None:
    """What verl measured after the last step, the best checkpoint, and the same numbers in TensorBoard."""
    records = {record.step: record for record in read_records(run / "metrics.jsonl")}
    measured = [episode for path in run.glob("episodes/heldout-*.jsonl") for episode in read_episodes(path)]
    assert {episode.step for episode in measured} == {STEPS}
    assert records[STEPS].values["heldout/episodes"] == len(measured) == 6
    selection = json.loads((run / "models" / "best" / "selection.json").read_text())
    assert (selection["step"], selection["reward"]) == (STEPS, records[STEPS].values["heldout/reward"])
    assert (run / "models" / "best" / "model.safetensors").is_file()
    board = EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    shown = {event.step: event.value for event in board.Scalars("rollout/response_tokens")}
    assert shown[STEPS] == pytest.approx(records[STEPS].values["rollout/response_tokens"])


def assert_episodes(run: Path) -> None:
    played = [episode for path in run.glob("episodes/train-*.jsonl") for episode in read_episodes(path)]
    assert Counter(episode.step for episode in played) == dict.fromkeys(range(1, STEPS + 1), TASKS * SAMPLES)
    assert {episode.failure for episode in played} == {None}
    assert all(episode.branches[0].exact for episode in played)
    for arm in ("before", "after", "after-no-interpreter"):
        assert sum(1 for _ in read_episodes(run / "episodes" / f"{arm}.jsonl")) == 6
