"""verl's trainer as a child process that ends with us, however we end.

It runs below a guardian, with its output in a file; its progress is read from the metrics that verl writes.
Ray gives its node thirty seconds to start, however busy the machine is: such a start is made again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...kernels.log_tail import last_lines
from ..monitoring.log_follower import LogFollower
from ..verl_adapter.names import CPU_WORKER
from . import guardian
from .hydra_overrides import hydra_overrides

_POLL_SECONDS = 0.5
_TOLD_LINES = 15
_STARTS = 3
_NODE_TOO_SLOW = b"The current node timed out during startup"
_STOP_SECONDS = guardian.GRACE_SECONDS + 15.0
_ON_CPU = {
    "VERL_PLATFORM": "cpu",
    "VERL_USE_EXTERNAL_MODULES": CPU_WORKER,
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class TrainerError(RuntimeError):
    """verl's trainer ended without finishing; the message holds its last lines."""


async def run_verl(
    overrides: Sequence[str],
    *,
    log: Path,
    metrics: Path,
    on_step: Callable[[int, Mapping[str, Any]], None],
    check: Callable[[], str | None],
    platform: str = "cpu",
    threads: int = 1,
    program: Sequence[str] = ("verl.trainer.main_ppo",),
    joins_cluster: bool = False,
) -> None:
    """Runs one of verl's trainers to its end.

    Args:
        overrides: Hydra overrides.
        log: File for everything it prints; what hydra notes goes beside it.
        metrics: File that verl's file logger writes, one JSON line a step.
        on_step: Called with every new step and its metrics.
        check: Asked twice a second; a text stops the run with that reason.
        platform: `cpu` or `cuda`.
        threads: Threads of torch in each process of the trainer.
        program: verl's entry point, a module; before it, what starts it in several processes.
        joins_cluster: Whether Ray runs already: its workers do not inherit the environment of this process.

    Raises:
        TrainerError: If it failed, or `check` gave a reason.
    """
    own = _environment(metrics.absolute(), threads) | (_ON_CPU if platform == "cpu" else {})
    kept = hydra_overrides({"hydra.run.dir": str(log.absolute().parent / "hydra")})
    command = ["-m", *program, *overrides, *kept, *(_for_workers(own) if joins_cluster else ())]
    look = partial(_look, LogFollower(metrics.parent, metrics.name), on_step, check)
    for _ in range(_STARTS):
        before = log.stat().st_size if log.exists() else 0
        code = await _run(command, own, log, look)
        if not code or not _started_too_slowly(log, before):
            break
    if code:
        end = last_lines(log, _TOLD_LINES)
        raise TrainerError(f"verl ended with exit code {code}; {log} ends with:\n{end}")


def _look(
    metrics: LogFollower,
    on_step: Callable[[int, Mapping[str, Any]], None],
    check: Callable[[], str | None],
) -> None:
    """Reports new steps, and raises if a check stops the run."""
    for line in metrics.new():
        record = json.loads(line)
        on_step(int(record["step"]), record["data"])
    reason = check()
    if reason is not None:
        raise TrainerError(reason)


async def _run(
    command: Sequence[str], environment: Mapping[str, str], log: Path, look: Callable[[], None]
) -> int | None:
    """Runs the command below the guardian; returns its exit code."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", guardian.__name__, sys.executable, *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | environment,
            start_new_session=True,
        )
    try:
        waiter = asyncio.ensure_future(process.wait())
        while process.returncode is None:
            await asyncio.wait({waiter}, timeout=_POLL_SECONDS)
            look()
        return process.returncode
    finally:
        await asyncio.shield(_stop(process))


def _started_too_slowly(log: Path, start: int) -> bool:
    """Whether Ray gave up on its own node, in what was logged from `start` on."""
    with log.open("rb") as file:
        file.seek(start)
        return _NODE_TOO_SLOW in file.read()


def _environment(metrics: Path, threads: int) -> dict[str, str]:
    root = str(Path(__file__).parents[3])
    return {
        "VERL_FILE_LOGGER_PATH": str(metrics),
        "HYDRA_FULL_ERROR": "1",
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "RAY_DEDUP_LOGS": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")])),
    }


def _for_workers(environment: Mapping[str, str]) -> list[str]:
    """Overrides that hand environment variables to the workers of a Ray cluster."""
    place = "+ray_kwargs.ray_init.runtime_env.env_vars."
    kept = {f"{place}{name}": value for name, value in environment.items() if not name.startswith("RAY_")}
    return hydra_overrides(kept)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Tells the guardian to end everything, and makes sure of the guardian itself. Idempotent."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
