"""The folder of a run: what lies where, what is done, and what a resumed run forgets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode import Episode, StopReason
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.training_folder import TrainingFolder
from replgym.envs.env_config import ConfigError

CONFIG = TrainConfig(name="try")


def started(runs: Path, name: str = "try", age: float = 0.0) -> TrainingFolder:
    folder = TrainingFolder.create(runs, CONFIG.model_copy(update={"name": name}), ["replgym", "train"])
    facts = folder.root / "run.json"
    os.utime(facts, (facts.stat().st_mtime - age,) * 2)
    return folder


def episode(step: int | None, number: int) -> Episode:
    return Episode(
        id=f"{step}-{number}", task_id="t", policy="p", step=step, messages=(), stop=StopReason.SUBMITTED
    )


def test_a_run_records_what_it_is(tmp_path: Path) -> None:
    folder = started(tmp_path)
    facts = json.loads((folder.root / "run.json").read_text())
    assert (facts["name"], facts["command"]) == ("try", ["replgym", "train"])
    assert TrainConfig.parse(facts["config"]) == CONFIG
    assert facts["hardware"]["cores"] >= 1
    assert {"torch", "transformers", "verl"} <= facts["versions"].keys()
    assert folder.episodes.is_dir()


def test_no_run_is_written_over(tmp_path: Path) -> None:
    assert [started(tmp_path).root.name for _ in range(3)] == ["try", "try-2", "try-3"]


def test_resume_finds_the_newest_run_of_that_name_alone(tmp_path: Path) -> None:
    started(tmp_path, age=30)
    newest = started(tmp_path, age=20)
    started(tmp_path, age=40)
    started(tmp_path, name="try-harder", age=10)
    (tmp_path / "try-9").mkdir()
    folder, config = TrainingFolder.reopen(tmp_path, "try")
    assert (folder.root, config) == (newest.root, CONFIG)


@pytest.mark.parametrize("name", ["other", "tr", "[", "try-"])
def test_resume_without_a_run_says_so(tmp_path: Path, name: str) -> None:
    started(tmp_path)
    with pytest.raises(ConfigError, match="leave --resume out") as caught:
        TrainingFolder.reopen(tmp_path, name)
    assert repr(name) in str(caught.value)


def test_stages_are_remembered(tmp_path: Path) -> None:
    folder = started(tmp_path)
    assert not folder.done("before")
    folder.mark("before")
    folder.mark("before")
    again, _ = TrainingFolder.reopen(tmp_path, "try")
    assert (again.done("before"), again.done("after")) == (True, False)


def test_the_last_checkpoint_is_what_verl_says(tmp_path: Path) -> None:
    folder = started(tmp_path)
    assert folder.last_checkpoint() == 0
    folder.checkpoints.mkdir()
    (folder.checkpoints / "latest_checkpointed_iteration.txt").write_text("20")
    assert folder.last_checkpoint() == 20


def test_steps_that_are_taken_again_are_forgotten(tmp_path: Path) -> None:
    folder = started(tmp_path)
    for process in (1, 2):
        with EpisodeLog(folder.episodes / f"train-{process}.jsonl") as log:
            for step in (1, 2, 3):
                log.append(episode(step, process))
    with EpisodeLog(folder.episodes / "before.jsonl") as log:
        log.append(episode(None, 0))
    folder.forget_steps_after(2)
    for process in (1, 2):
        kept = list(read_episodes(folder.episodes / f"train-{process}.jsonl"))
        assert kept == [episode(1, process), episode(2, process)]
    assert list(read_episodes(folder.episodes / "before.jsonl")) == [episode(None, 0)]
    assert sorted(path.name for path in folder.root.iterdir()) == ["episodes", "run.json"]


def test_metrics_and_alerts_of_steps_that_are_taken_again_are_forgotten(tmp_path: Path) -> None:
    folder = started(tmp_path)
    with EpisodeLog(folder.episodes / "heldout-1.jsonl") as log:
        for step in (2, 4):
            log.append(episode(step, 0))
    steps = [json.dumps({"step": step, "data": {"verl": step}}) for step in (1, 2, 3)]
    (folder.root / "metrics-001.jsonl").write_text("\n".join(steps) + "\n")
    told = [json.dumps({"step": step, "data": {"verl": step, "ours": 1}}) for step in (1, 3)]
    folder.metrics.write_text("\n".join(told) + '\n{"step": 4, "da')
    folder.alerts.write_text('{"step": 1}\n{"step": 3}\n')
    folder.forget_steps_after(2)
    lines = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    assert [(line["step"], line["data"]) for line in lines] == [(1, {"verl": 1, "ours": 1}), (2, {"verl": 2})]
    assert folder.alerts.read_text() == '{"step": 1}\n'
    assert [each.step for each in read_episodes(folder.episodes / "heldout-1.jsonl")] == [2]


def test_what_the_trainer_measured_at_its_ends_becomes_arms(tmp_path: Path) -> None:
    folder = started(tmp_path)
    for process, steps in ((1, (0, 5, 10)), (2, (0, 10))):
        with EpisodeLog(folder.episodes / f"heldout-{process}.jsonl") as log:
            for step in steps:
                log.append(episode(step, process))
    folder.name_measurements(10)
    arms = {arm: list(read_episodes(folder.episodes / f"{arm}.jsonl")) for arm in ("before", "after")}
    assert arms == {arm: [episode(step, 1), episode(step, 2)] for arm, step in (("before", 0), ("after", 10))}
    folder.name_measurements(11)
    assert list(read_episodes(folder.episodes / "after.jsonl")) == arms["after"]


def test_metrics_of_several_starts_become_one_file(tmp_path: Path) -> None:
    folder = started(tmp_path)
    parts = {"metrics-001.jsonl": [(1, "a"), (2, "a"), (3, "a")], "metrics-002.jsonl": [(3, "b"), (4, "b")]}
    for name, steps in parts.items():
        lines = [json.dumps({"step": step, "data": {"by": by}}) for step, by in steps]
        (folder.root / name).write_text("\n".join(lines) + "\n")
    folder.forget_steps_after(4)
    merged = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    assert [(line["step"], line["data"]["by"]) for line in merged] == [(1, "a"), (2, "a"), (3, "b"), (4, "b")]


def test_a_line_that_was_torn_by_a_kill_is_left_out(tmp_path: Path) -> None:
    folder = started(tmp_path)
    (folder.root / "metrics-001.jsonl").write_text('{"step": 1, "data": {}}\n{"step": 2, "da')
    folder.forget_steps_after(2)
    assert folder.metrics.read_text() == '{"step": 1, "data": {}}\n'


def test_one_process_works_in_a_folder(tmp_path: Path) -> None:
    folder = started(tmp_path)
    with folder.lock():
        again, _ = TrainingFolder.reopen(tmp_path, "try")
        with pytest.raises(ConfigError, match="is in use"), again.lock():
            pass
    with folder.lock():
        pass
