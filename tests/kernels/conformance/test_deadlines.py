"""A cell that overruns is interrupted and keeps its variables; one that will not stop costs them."""

from __future__ import annotations

import asyncio

import pytest

from replgym.kernels import CellStatus, Kernel

from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        "while True: pass",
        "import os; os.system('sleep 600')",
        "import asyncio; await asyncio.sleep(600)",
        "import subprocess; subprocess.run(['sleep', '600'])",
    ],
)
async def test_a_timeout_interrupts_and_keeps_the_variables(kernel: Kernel, code: str) -> None:
    await kernel.execute("x = 7", timeout=PATIENCE)
    result = await kernel.execute(
        f"print('begun')\n{code}\nprint('not reached')\nraise ValueError", timeout=0.5
    )
    assert result.status is CellStatus.TIMEOUT
    assert not result.state_lost
    assert result.outputs[0].text.startswith("begun\n")
    assert await value(kernel, "x") == "7"


async def test_code_that_will_not_stop_costs_the_state(fresh_kernel: Kernel) -> None:
    await fresh_kernel.execute("x = 7", timeout=PATIENCE)
    stubborn = "import time\nwhile True:\n  try: time.sleep(600)\n  except BaseException: pass"
    result = await fresh_kernel.execute(f"print('begun')\n{stubborn}", timeout=0.5)
    assert result.status is CellStatus.TIMEOUT
    assert result.state_lost
    assert (await fresh_kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
    assert await value(fresh_kernel, "1 + 1") == "2"


async def test_interrupt_stops_the_running_cell_and_nothing_else(kernel: Kernel) -> None:
    await kernel.interrupt()
    running = asyncio.create_task(kernel.execute("print('go')\nwhile True: pass", timeout=PATIENCE))
    await asyncio.sleep(0.3)
    await kernel.interrupt()
    result = await running
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "KeyboardInterrupt"


async def test_a_cancelled_caller_leaves_a_usable_kernel(kernel: Kernel) -> None:
    await kernel.execute("x = 3", timeout=PATIENCE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await kernel.execute("while True: pass", timeout=PATIENCE)
    assert await value(kernel, "x") == "3"
