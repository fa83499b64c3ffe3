"""Section `monitoring` of a run, put to work."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from replgym.agents.monitoring.step_record import records_by_step
from replgym.agents.training.run_monitoring import monitor_run
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.training_folder import TrainingFolder
from replgym.agents.verl_runs import run_sinks
from replgym.agents.verl_runs.run_sinks import check_packages
from replgym.envs.env_config import ConfigError

from .logged import episode, log


def test_a_run_with_sinks_is_cut_off_and_resumed(tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu", ["name=try", "monitoring.tensorboard=true"])
    folder = TrainingFolder.create(tmp_path, config, ["replgym"])
    printed = io.StringIO()
    for done, steps in ((0, (1, 2)), (1, (2, 3))):
        folder.forget_steps_after(done)
        console = Console(file=printed, width=300)
        monitor = monitor_run(config, folder, console, first=done + 1, steps=3)
        for step in steps:
            log(folder.episodes, episode(f"{step}", step=step, passed=[step > 2]), name=f"train-a-{done}")
            monitor.on_step(step, {"training/global_step": step, "timing_s/step": 1.0 + done})
            assert monitor.fault() is None
        monitor.close()
    records = records_by_step(folder.metrics)
    assert [(one.step, one.values["time/step"], one.values["rollout/solved"]) for one in records] == [
        (1, 1.0, 0.0),
        (2, 2.0, 0.0),
        (3, 2.0, 1.0),
    ]
    assert [line.split(":")[0] for line in printed.getvalue().splitlines()] == [
        "step 1/3",
        "step 2/3",
        "step 2/3",
        "step 3/3",
    ]
    assert list((folder.root / "tensorboard").glob("events.*"))


def test_a_console_that_is_off_is_silent(tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu", ["name=try", "monitoring.console=false"])
    folder = TrainingFolder.create(tmp_path, config, ["replgym"])
    printed = io.StringIO()
    monitor = monitor_run(config, folder, Console(file=printed), first=1, steps=3)
    monitor.on_step(1, {"training/global_step": 1})
    monitor.close()
    assert printed.getvalue() == ""


@pytest.mark.parametrize(
    ("setting", "package"),
    [("tensorboard", "tensorboard"), ("wandb.enabled", "wandb"), ("mlflow.enabled", "mlflow")],
)
def test_a_package_that_is_missing_is_named_before_anything_starts(
    setting: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = TrainConfig.load("multiturn_cpu")
    on = TrainConfig.load("multiturn_cpu", [f"monitoring.{setting}=true"])
    check_packages(on.monitoring)
    monkeypatch.setattr(run_sinks, "find_spec", lambda name: None)
    check_packages(off.monitoring)
    with pytest.raises(ConfigError) as caught:
        check_packages(on.monitoring)
    assert str(caught.value) == (
        f"config key 'monitoring.{setting}': True needs the package {package}: "
        "pip install 'replgym[monitoring]'"
    )
