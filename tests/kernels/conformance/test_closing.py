"""What is closed is gone, with everything that it started."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from replgym.kernels import CellStatus, Kernel, KernelClosedError

from .cells import FOREVER, PATIENCE, value
from .host_processes import running_with, unique_seconds, until_gone, until_running

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_close_is_final_and_idempotent(fresh_kernel: Kernel) -> None:
    await value(fresh_kernel, "x = 1")
    await asyncio.gather(fresh_kernel.close(), fresh_kernel.close())
    await fresh_kernel.close()
    assert not fresh_kernel.is_alive()
    calls = (
        fresh_kernel.execute("1", timeout=1),
        fresh_kernel.reply("", timeout=1),
        fresh_kernel.restart(),
        fresh_kernel.fork(),
        fresh_kernel.write_file("f", b""),
        fresh_kernel.read_file("f"),
    )
    for call in calls:
        with pytest.raises(KernelClosedError):
            await call


async def test_close_ends_a_running_cell(fresh_kernel: Kernel) -> None:
    running = asyncio.create_task(fresh_kernel.execute("import time; time.sleep(600)", timeout=FOREVER))
    await asyncio.sleep(0.2)
    await fresh_kernel.close()
    with pytest.raises(KernelClosedError):
        await running


async def test_a_background_process_does_not_hold_the_cell(kernel: Kernel) -> None:
    code = f"import subprocess\np = subprocess.Popen(['sleep', '{unique_seconds()}'])"
    assert (await kernel.execute(code, timeout=PATIENCE)).status is CellStatus.OK


@pytest.mark.parametrize("end", ["close", "restart", "death"])
async def test_the_end_takes_what_the_cells_started(fresh_kernel: Kernel, end: str) -> None:
    seconds = unique_seconds()
    code = (
        "import os, subprocess\n"
        f"for new in (False, True): subprocess.Popen(['sleep', '{seconds}'], start_new_session=new)\n"
        f"os.system('setsid sleep {seconds} </dev/null >/dev/null 2>&1 &')\n"
        f"os.system('(trap \"\" TERM HUP INT; nohup sleep {seconds} >/dev/null 2>&1 &)')\n"
        f"if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0: os.execlp('sleep', 'sleep', '{seconds}')\n"
        "  os._exit(0)\n"
    )
    await fresh_kernel.execute(code, timeout=PATIENCE)
    await until_running(seconds, 5)
    if end == "close":
        await fresh_kernel.close()
    elif end == "restart":
        await fresh_kernel.restart()
    else:
        result = await fresh_kernel.execute("os._exit(1)", timeout=FOREVER)
        assert result.status is CellStatus.DIED
    await until_gone(seconds)
    assert running_with(seconds) == []


async def test_the_working_folder_is_empty_private_and_gone_after(fresh_kernel: Kernel) -> None:
    folder = Path((await value(fresh_kernel, "import os; os.getcwd()")).strip("'"))
    assert await value(fresh_kernel, "os.listdir()") == "[]"
    assert (
        await value(fresh_kernel, "os.path.expanduser('~') != '/root', os.getcwd() != '/'") == "(True, True)"
    )
    await value(fresh_kernel, "open('f', 'w').close()")
    await fresh_kernel.close()
    assert not (folder / "f").exists()
