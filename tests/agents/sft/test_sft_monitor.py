"""A supervised run as it is watched, from the lines that verl writes, and its report."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from replgym.agents.monitoring.alert import read_alerts, standing
from replgym.agents.monitoring.step_record import records_by_step
from replgym.agents.report.page import write_report
from replgym.agents.sft.sft_config import SftConfig
from replgym.agents.sft.sft_folder import SftFolder
from replgym.agents.sft.sft_monitor import SftMonitor
from replgym.agents.verl_runs.run_view import run_view

Numbers = dict[str, float | None]


def started(runs: Path, *settings: str) -> tuple[SftConfig, SftFolder]:
    config = SftConfig.load("sft_cpu", ["name=try", *settings])
    return config, SftFolder.create(runs, config, ["replgym", "sft"])


def watched(
    config: SftConfig, folder: SftFolder, steps: list[tuple[int, Numbers]], first: int = 1
) -> tuple[str, str | None]:
    """What the console shows of steps, and why the run must stop."""
    printed = io.StringIO()
    folder.forget_steps_after(first - 1)
    monitor = SftMonitor(config, folder, Console(file=printed, width=300), first=first, steps=3)
    for step, numbers in steps:
        monitor.on_step(step, numbers)
    monitor.close()
    return printed.getvalue(), monitor.fault()


def learnt(step: int) -> tuple[int, Numbers]:
    return step, {"train/loss": 4.0 / step, "train/grad_norm": 1.0, "train/global_tokens": 50}


def test_steps_go_to_console_log_and_tensorboard_and_on_after_a_stop(tmp_path: Path) -> None:
    config, folder = started(tmp_path, "monitoring.tensorboard=true")
    first, fault = watched(config, folder, [learnt(1), learnt(2)])
    again, _ = watched(config, folder, [learnt(2), learnt(3), (3, {"val/loss": 1.5})], first=2)
    assert fault is None
    assert first.splitlines()[0] == "step 1/3: loss 4, gradient 1, tokens 50"
    assert again.splitlines()[-1] == "step 3/3: held-out loss 1.5"
    records = records_by_step(folder.metrics)
    assert [record.step for record in records] == [1, 2, 3]
    assert [record.values["sft/loss"] for record in records] == [4.0, 2.0, 4 / 3]
    assert records[-1].values["sft/heldout_loss"] == 1.5
    assert list((folder.root / "tensorboard").glob("events.*"))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    config, folder = started(tmp_path)
    told, fault = watched(config, folder, [learnt(1), (2, {"train/loss": None, "train/grad_norm": None})])
    assert fault == "alert not_a_number: sft/loss, sft/gradient_norm: not a number"
    assert "alert not_a_number started at step 2" in told
    assert [alert.rule for alert in standing(read_alerts(folder.alerts))] == ["not_a_number"]
    _, resumed = watched(config, folder, [learnt(2)], first=2)
    assert resumed is None
    assert not standing(read_alerts(folder.alerts))


def test_the_alert_can_be_off(tmp_path: Path) -> None:
    off = "monitoring.alerts.not_a_number.action=off"
    config, folder = started(tmp_path, off, "monitoring.console=false")
    assert watched(config, folder, [(1, {"train/loss": None})]) == ("", None)


def test_the_report_shows_losses_and_no_episodes(tmp_path: Path) -> None:
    config, folder = started(tmp_path)
    watched(config, folder, [learnt(1), learnt(2), (2, {"val/loss": 1.5})])
    text = write_report(folder.root).read_text()
    for told in (
        "After 2 steps the loss is 2.0000, on what is held out 1.5000.",
        "Loss of learnt tokens",
        "Loss on what is held out",
        "Gradient norm",
        "<section hidden><h2>Results</h2>",
    ):
        assert told in text
    assert "Missing so far" not in text


def test_a_run_is_watched_from_its_folder(tmp_path: Path) -> None:
    config, folder = started(tmp_path)
    watched(config, folder, [learnt(1), learnt(2)])
    printed = io.StringIO()
    Console(file=printed, width=100).print(run_view(folder.root, 5))
    rows = [line.split() for line in printed.getvalue().splitlines()]
    assert rows[0] == ["try:", "2", "steps"]
    assert ["step", "loss", "grad", "tokens"] in rows
    assert ["2", "2", "1", "50"] in rows
