"""A dead interpreter is noticed, reported and replaced."""

from __future__ import annotations

import asyncio

import pytest

from replgym.kernels import CellStatus, Kernel

from ..conftest import KernelMaker
from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "code",
    ["import os; os._exit(3)", "import ctypes; ctypes.string_at(0)", "import os; os.kill(os.getpid(), 9)"],
)
async def test_death_is_reported_and_repaired(make_kernel: KernelMaker, code: str) -> None:
    kernel = await make_kernel(setup="answer = 42")
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(f"print('last words', flush=True)\n{code}", timeout=PATIENCE * 10)
    assert result.status is CellStatus.DIED
    assert result.state_lost
    assert (await kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
    assert await value(kernel, "answer") == "42"


async def test_death_between_cells_is_reported_with_the_next(fresh_kernel: Kernel) -> None:
    code = "import threading, os, time\nthreading.Timer(0.05, lambda: os._exit(1)).start()"
    assert (await fresh_kernel.execute(code, timeout=PATIENCE)).status is CellStatus.OK
    while fresh_kernel.is_alive():
        await asyncio.sleep(0.01)
    result = await fresh_kernel.execute("1", timeout=PATIENCE)
    assert result.status is CellStatus.DIED
    assert result.state_lost
    assert await value(fresh_kernel, "1") == "1"
