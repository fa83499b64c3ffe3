"""What threads, tasks and subprocesses of an earlier cell print later is never taken for a later one's."""

from __future__ import annotations

import asyncio

import pytest

from replgym.kernels import CellStatus, Kernel

from ..conftest import KernelMaker
from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = "[from an earlier cell] "
SLEEP = "import time; time.sleep(0.6); print('mine')"


async def test_a_thread_that_prints_in_its_own_cell_is_heard(kernel: Kernel) -> None:
    code = "import threading\nt = threading.Thread(target=print, args=['theirs'])\nt.start(); t.join()"
    assert await value(kernel, code) == "theirs"


async def test_a_thread_that_prints_during_a_later_cell_is_marked(fresh_kernel: Kernel) -> None:
    code = "import threading\nthreading.Timer(0.3, print, ['theirs']).start()"
    assert await value(fresh_kernel, code) == ""
    lines = (await value(fresh_kernel, SLEEP)).splitlines()
    assert sorted(lines) == [f"{MARK}theirs", "mine"]


async def test_a_thread_that_prints_between_cells_is_told_with_the_next(fresh_kernel: Kernel) -> None:
    await value(fresh_kernel, "import threading\nthreading.Timer(0.1, print, ['theirs']).start()")
    await asyncio.sleep(0.5)
    assert await value(fresh_kernel, "print('mine')") == f"{MARK}theirs\nmine"


async def test_a_task_that_prints_during_a_later_cell_is_marked(fresh_kernel: Kernel) -> None:
    code = "import asyncio\nasync def later():\n  await asyncio.sleep(0.3)\n  print('theirs')\n"
    await value(fresh_kernel, f"{code}task = asyncio.create_task(later())")
    lines = (await value(fresh_kernel, "await asyncio.sleep(0.6)\nprint('mine')")).splitlines()
    assert sorted(lines) == [f"{MARK}theirs", "mine"]


async def test_work_that_a_cell_gives_to_an_old_thread_is_its_own(fresh_kernel: Kernel) -> None:
    work = "import asyncio\nawait asyncio.to_thread(print, 'work')"
    assert await value(fresh_kernel, work) == "work"
    assert await value(fresh_kernel, work) == "work"


async def test_a_subprocess_that_prints_between_cells_is_told_with_the_next(fresh_kernel: Kernel) -> None:
    code = "import subprocess\np = subprocess.Popen('sleep 0.2; echo theirs', shell=True)"
    assert await value(fresh_kernel, code) == ""
    await asyncio.sleep(0.7)
    assert await value(fresh_kernel, "print('mine')") == f"{MARK}theirs\nmine"


@pytest.mark.parametrize(
    "flood",
    [
        "import threading\ndef run():\n  while True: print('theirs')\n"
        "threading.Thread(target=run, daemon=True).start()",
        "import subprocess\np = subprocess.Popen('yes theirs', shell=True)",
    ],
)
async def test_a_flood_in_the_background_leaves_later_cells_alive(
    make_kernel: KernelMaker, flood: str
) -> None:
    kernel = await make_kernel(output_limit=1000)
    assert (await kernel.execute(flood, timeout=PATIENCE)).status is CellStatus.OK
    for _ in range(3):
        result = await kernel.execute("6 * 7", timeout=PATIENCE)
        assert result.status is CellStatus.OK
        if "thread" in flood:
            assert "42" in result.text(10_000).splitlines()
