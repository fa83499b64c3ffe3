"""A training run takes prepared files: their order may be a curriculum, and held-out tasks are other ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet
import pytest
from rich.console import Console

from replgym.agents.terminal.stage_display import StageDisplay
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.training_folder import TrainingFolder
from replgym.agents.training.training_run import TrainingRun
from replgym.agents.verl_adapter.names import AGENT_NAME, HELDOUT
from replgym.envs import ConfigError
from replgym.envs.task_data.preparation import Preparation, PreparationOptions
from replgym.envs.task_data.set_choice import SetChoice


def rows_of_run(folder: Path, *overrides: str) -> tuple[list[str], list[str]]:
    """Ids of the tasks that a run trains on and measures on."""
    data = ["tasks.task_set=tasks", f"tasks.path={folder}", "tasks.split=train", "tasks.heldout_split=test"]
    config = TrainConfig.load("multiturn_cpu", [*data, *overrides])
    run_folder = TrainingFolder.create(folder / "runs", config, ["test"])
    run = TrainingRun(config, run_folder, StageDisplay(Console()))
    run._write_inputs()
    rows = pyarrow.parquet.read_table(run_folder.rows).to_pylist()
    assert {row["agent_name"] for row in rows} == {AGENT_NAME}
    trained = [row["extra_info"]["task_id"] for row in rows]
    return trained, [task.id for task in run._tasks.heldout()]


def test_a_run_trains_on_prepared_files(tmp_path: Path) -> None:
    options = PreparationOptions(test_size=20, sample=30)
    Preparation(tmp_path, options, agent_name=AGENT_NAME).run([SetChoice.parse("humaneval")])
    numbers = [
        int(row["extra_info"]["task_id"].partition("/")[2])
        for row in pyarrow.parquet.read_table(tmp_path / "train.parquet").to_pylist()
    ]
    ordered, held_out = rows_of_run(tmp_path, "tasks.shuffle=false")
    assert ordered == [f"HumanEval/{number}" for number in sorted(numbers)]
    shuffled, _ = rows_of_run(tmp_path)
    assert shuffled != ordered
    assert sorted(shuffled) == sorted(ordered)
    assert len(held_out) == 20
    assert not {*held_out} & {*ordered}


def test_held_out_rows_are_written_where_verl_measures(tmp_path: Path) -> None:
    config = TrainConfig.load(
        "multiturn_cpu", ["evaluation.every=1", "evaluation.tasks=5", "tasks.train_size=9"]
    )
    folder = TrainingFolder.create(tmp_path, config, ["test"])
    assert TrainingRun(config, folder, StageDisplay(Console()))._write_inputs() == 9
    rows = pyarrow.parquet.read_table(folder.heldout_rows).to_pylist()
    assert [row["extra_info"]["split"] for row in rows] == [HELDOUT] * 5


def test_fewer_tasks_than_a_step_takes_are_refused(tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu", ["tasks.train_size=7"])
    run = TrainingRun(config, TrainingFolder.create(tmp_path, config, ["test"]), StageDisplay(Console()))
    with pytest.raises(ConfigError, match=r"'optimiser.tasks_per_step': 9 .* only 7 tasks"):
        run._write_inputs()
