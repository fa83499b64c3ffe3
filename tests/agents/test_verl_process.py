"""The trainer's process, with a small program in verl's place that leaves daemons behind as Ray does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from replgym.agents.verl_runs.verl_process import TrainerError, _for_workers, run_verl
from replgym.agents.verl_runs.verl_schema import compose_verl

ROOT = Path(__file__).parents[2]
STAND_IN = '''
"""usage: stand_in PIDS STEPS END"""
import json, os, subprocess, sys, time

pids, steps, end = sys.argv[1], int(sys.argv[2]), sys.argv[3]
daemon = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
orphan = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True)"
subprocess.run([sys.executable, "-c", orphan], check=True)
with open(pids, "w") as file:
    file.write(f"{os.getpid()} {daemon.pid}\\n")
print("the trainer started", flush=True)
with open(os.environ["VERL_FILE_LOGGER_PATH"], "a") as file:
    for step in range(1, steps + 1):
        line = json.dumps({"step": step, "data": {"x": step / 2}}) + "\\n"
        for part in (line[:9], line[9:]):
            file.write(part)
            file.flush()
            time.sleep(0.02)
if end == "stay":
    time.sleep(600)
if end.startswith("slow"):
    with open(pids + ".starts", "a+") as file:
        file.write("x")
        file.seek(0)
        starts = len(file.read())
    if starts <= int(end[4:]):
        print("Exception: The current node timed out during startup. This could happen because", flush=True)
        sys.exit(1)
    sys.exit(0)
print("it broke here", flush=True)
sys.exit(int(end))
'''


class Started:
    """A run of the stand-in: what it reported, and which processes carry its mark."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "stand_in.py").write_text(STAND_IN)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        self.log, self.metrics, self.pids = (folder / name for name in ("verl.log", "metrics.jsonl", "pids"))
        self.steps: list[tuple[int, Mapping[str, Any]]] = []
        self.reason: str | None = None

    async def run(self, steps: int, end: str) -> None:
        await run_verl(
            [str(self.pids), str(steps), end],
            log=self.log,
            metrics=self.metrics,
            on_step=lambda step, values: self.steps.append((step, values)),
            check=lambda: self.reason,
            program=("stand_in",),
        )

    def alive(self) -> list[psutil.Process]:
        return marked(f"VERL_FILE_LOGGER_PATH={self.metrics}")


def marked(entry: str) -> list[psutil.Process]:
    """Processes that were started with this in their environment; children inherit it however far they go."""
    name, _, value = entry.partition("=")
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


async def until(condition: Any) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(tmp_path, monkeypatch)


async def test_a_run_reports_every_step_once_and_leaves_nobody(started: Started) -> None:
    await started.run(7, "0")
    assert started.steps == [(step, {"x": step / 2}) for step in range(1, 8)]
    assert "the trainer started" in started.log.read_text()
    assert started.alive() == []


async def test_a_trainer_that_breaks_is_told_with_its_last_lines(started: Started) -> None:
    with pytest.raises(TrainerError, match="exit code 3") as caught:
        await started.run(1, "3")
    assert str(caught.value).endswith("it broke here")
    assert str(started.log) in str(caught.value)
    assert [step for step, _ in started.steps] == [1]
    assert started.alive() == []


async def test_a_start_that_was_too_slow_for_ray_is_made_again(started: Started) -> None:
    await started.run(0, "slow2")
    assert started.log.read_text().count("the trainer started") == 3
    assert started.alive() == []


async def test_a_machine_that_is_always_too_slow_for_ray_is_told(started: Started) -> None:
    with pytest.raises(TrainerError, match="timed out during startup"):
        await started.run(0, "slow9")
    assert started.log.read_text().count("the trainer started") == 3


async def test_a_fault_that_the_check_finds_stops_the_trainer(started: Started) -> None:
    job = asyncio.create_task(started.run(2, "stay"))
    await until(lambda: len(started.steps) == 2)
    assert len(started.alive()) >= 4  # guardian, trainer, daemon, orphan
    started.reason = "half of the episodes failed"
    with pytest.raises(TrainerError, match=r"^half of the episodes failed$"):
        await job
    assert started.alive() == []


async def test_cancellation_stops_the_trainer(started: Started) -> None:
    job = asyncio.create_task(started.run(1, "stay"))
    await until(lambda: started.steps)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert started.alive() == []


async def test_the_trainer_ends_with_us_even_when_we_are_killed(started: Started, tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from replgym.agents.verl_runs.verl_process import run_verl

        asyncio.run(run_verl(
            [{str(started.pids)!r}, "1", "stay"], log=Path({str(started.log)!r}),
            metrics=Path({str(started.metrics)!r}), on_step=lambda *_: None, check=lambda: None,
            program=("stand_in",),
        ))
    """)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment)
    await until(lambda: started.metrics.exists() and started.metrics.read_text().endswith("\n"))
    assert len(started.alive()) >= 4
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(lambda: started.alive() == [])


def test_workers_of_a_cluster_are_told_the_environment(tmp_path: Path) -> None:
    told = _for_workers({"VERL_FILE_LOGGER_PATH": str(tmp_path / "a b"), "RAY_DEDUP_LOGS": "0"})
    runtime = compose_verl(told).ray_kwargs.ray_init.runtime_env
    assert dict(runtime.env_vars) == {"VERL_FILE_LOGGER_PATH": str(tmp_path / "a b")}
