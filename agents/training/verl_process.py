"""verl's trainer as a child process that ends with us, however we end.

It runs below a guardian, with its output in a file; its progress is read from the metrics that verl writes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...kernels.log_tail import last_lines
from ..verl_adapter.names import CPU_WORKER
from . import guardian

_POLL_SECONDS = 0.5
_TOLD_LINES = 15
_STOP_SECONDS = guardian.GRACE_SECONDS + 15.0


class TrainerError(RuntimeError):
    """verl's trainer ended without finishing; the message holds its last lines."""


async def run_verl(
    overrides: Sequence[str],
    *,
    log: Path,
    metrics: Path,
    on_step: Callable[[int, Mapping[str, Any]], None],
    check: Callable[[], str | None],
    threads: int = 1,
    module: str = "verl.trainer.main_ppo",
) -> None:
    """Runs `verl.trainer.main_ppo` on CPU to its end.

    Args:
        overrides: Hydra overrides.
        log: File for everything it prints.
        metrics: File that verl's file logger writes, one JSON line a step.
        on_step: Called with every new step and its metrics.
        check: Asked twice a second; a text stops the run with that reason.
        threads: Threads of torch in each process of the trainer.
        module: verl's entry point.

    Raises:
        TrainerError: If it failed, or `check` gave a reason.
    """
    environment = os.environ | _environment(metrics, threads)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", guardian.__name__),
            *(sys.executable, "-m", module, *overrides),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    try:
        await _follow(process, MetricsReader(metrics), on_step, check)
        if process.returncode:
            end = last_lines(log, _TOLD_LINES)
            raise TrainerError(f"verl ended with exit code {process.returncode}; {log} ends with:\n{end}")
    finally:
        await asyncio.shield(_stop(process))


async def _follow(
    process: asyncio.subprocess.Process,
    reader: MetricsReader,
    on_step: Callable[[int, Mapping[str, Any]], None],
    check: Callable[[], str | None],
) -> None:
    """Reports steps until the process ends, or a check stops it."""
    waiter = asyncio.ensure_future(process.wait())
    while process.returncode is None:
        await asyncio.wait({waiter}, timeout=_POLL_SECONDS)
        for step, values in reader.new():
            on_step(step, values)
        reason = check()
        if reason is not None:
            raise TrainerError(reason)


class MetricsReader:
    """Reads the whole lines that were appended to a metrics file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> list[tuple[int, Mapping[str, Any]]]:
        """New steps and their metrics, in order."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        records = [json.loads(line) for line in whole.splitlines() if line.strip()]
        return [(int(record["step"]), record["data"]) for record in records]


def _environment(metrics: Path, threads: int) -> dict[str, str]:
    root = str(Path(__file__).parents[3])
    return {
        "VERL_PLATFORM": "cpu",
        "VERL_USE_EXTERNAL_MODULES": CPU_WORKER,
        "VERL_FILE_LOGGER_PATH": str(metrics),
        "HYDRA_FULL_ERROR": "1",
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_DEDUP_LOGS": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")])),
    }


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
