"""The best checkpoint outlives the trainer's own, and every way of being cut off."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from replgym.agents.monitoring.best_checkpoint import BestCheckpoint, Selection
from replgym.agents.monitoring.step_record import StepRecord


def measured(step: int, reward: float) -> StepRecord:
    return StepRecord(step, {"heldout/reward": reward, "heldout/solved": reward / 2, "heldout/episodes": 8.0})


def save(root: Path, step: int) -> Path:
    """A checkpoint as verl saves it."""
    export = root / "checkpoints" / f"global_step_{step}" / "actor" / "huggingface"
    export.mkdir(parents=True)
    (export / "config.json").write_text("{}")
    (export / "model.safetensors").write_text(f"weights {step}")
    return export


def best_of(root: Path) -> BestCheckpoint:
    (root / "models").mkdir(exist_ok=True)
    return BestCheckpoint(root / "checkpoints", root / "models" / "best")


def kept(root: Path) -> tuple[str, Selection | None]:
    selection = best_of(root).selection
    return (root / "models" / "best" / "model.safetensors").read_text(), selection


@pytest.mark.parametrize(
    ("rewards", "chosen"),
    [((0.2, 0.8, 0.4), 2), ((0.8, 0.8, 0.8), 1), ((0.1, 0.2, 0.3), 3), ((-0.5, -0.6, -0.7), 1)],
    ids=["middle", "equal", "last", "negative"],
)
def test_the_best_step_is_kept_when_the_trainer_keeps_one(
    tmp_path: Path, rewards: tuple[float, ...], chosen: int
) -> None:
    best = best_of(tmp_path)
    for step, reward in enumerate(rewards, start=1):
        save(tmp_path, step)
        shutil.rmtree(tmp_path / "checkpoints" / f"global_step_{step - 1}", ignore_errors=True)
        best.consider(measured(step, reward))
    reward = rewards[chosen - 1]
    selection = Selection(step=chosen, reward=reward, solved=reward / 2, episodes=8)
    assert kept(tmp_path) == (f"weights {chosen}", selection)


def test_steps_without_measurement_or_checkpoint_are_not_chosen(tmp_path: Path) -> None:
    best = best_of(tmp_path)
    save(tmp_path, 2)
    assert not best.consider(measured(1, 0.9))
    assert not best.consider(StepRecord(2, {"rollout/reward": 1.0}))
    (save(tmp_path, 3) / "model.safetensors").unlink()
    assert not best.consider(measured(3, 0.9))
    assert best.selection is None
    assert best.consider(measured(2, 0.1))


def test_files_are_linked_where_that_is_possible(tmp_path: Path) -> None:
    weights = save(tmp_path, 1) / "model.safetensors"
    best_of(tmp_path).consider(measured(1, 0.5))
    assert os.path.samefile(weights, tmp_path / "models" / "best" / "model.safetensors")


def test_files_are_copied_where_links_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    weights = save(tmp_path, 1) / "model.safetensors"
    assert best_of(tmp_path).consider(measured(1, 0.5))
    weights.unlink()
    assert kept(tmp_path)[0] == "weights 1"


def test_the_history_of_a_resumed_run_may_be_considered_again(tmp_path: Path) -> None:
    for step in (1, 2):
        save(tmp_path, step)
    first = best_of(tmp_path)
    assert [first.consider(measured(step, reward)) for step, reward in ((1, 0.7), (2, 0.6))] == [True, False]
    again = best_of(tmp_path)
    assert not any(again.consider(measured(step, reward)) for step, reward in ((1, 0.7), (2, 0.6)))
    assert kept(tmp_path)[0] == "weights 1"


def test_a_copy_that_was_cut_off_before_its_end_is_dropped(tmp_path: Path) -> None:
    save(tmp_path, 1)
    best_of(tmp_path).consider(measured(1, 0.5))
    part = tmp_path / "models" / "best.part"
    part.mkdir()
    (part / "model.safetensors").write_text("half")
    assert kept(tmp_path)[0] == "weights 1"
    assert not part.exists()


def test_a_copy_that_was_whole_but_not_in_place_is_put_there(tmp_path: Path) -> None:
    save(tmp_path, 1)
    best_of(tmp_path).consider(measured(1, 0.5))
    (tmp_path / "models" / "best").rename(tmp_path / "models" / "best.part")
    assert kept(tmp_path)[0] == "weights 1"
