"""Kernels come and go by the hundred, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from replgym.kernels import BackendOptions, make_kernel_pool
from replgym.kernels.jupyter.confined_launcher import ConfinedLauncher
from replgym.kernels.jupyter.jupyter_backend import JupyterBackend

_OTHERS = 5
"""Descriptors that back ends of other tests, still alive in this process, may open meanwhile."""


def _open_fds() -> int:
    return len(os.listdir("/proc/self/fd"))


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def test_two_hundred_kernels_leave_nothing() -> None:
    launcher = ConfinedLauncher(BackendOptions())
    promise = launcher.server.capabilities
    backend = JupyterBackend("jupyter", launcher, BackendOptions(), promise)
    server = await launcher.server.server()

    async def episode() -> None:
        kernel = await backend.start_kernel()
        assert (await kernel.execute("1 + 1", timeout=120)).text() == "2"
        await kernel.close()

    try:
        await episode()
        # With namespaces the first process only waits for the one that is process 1 of its own.
        serving = int((*_children(server.pid), server.pid)[0])
        before, files = _open_fds(), set(os.listdir(server.folder))
        for _ in range(50):
            await asyncio.gather(*(episode() for _ in range(4)))
        assert _open_fds() < before + _OTHERS
        assert _children(serving) == []
        assert set(os.listdir(server.folder)) == files
        assert len(os.listdir(f"/proc/{serving}/fd")) <= 16
    finally:
        await backend.close()
    assert not server.folder.exists()
    assert not Path(f"/proc/{server.pid}").exists()


@pytest.mark.parametrize("backend", ["fork", "jupyter"])
async def test_pools_that_close_while_kernels_start_leave_no_descriptor(backend: str) -> None:
    async def use_and_close() -> None:
        async with make_kernel_pool(backend, size=4, warm=3) as pool, pool.acquire(30) as kernel:
            await kernel.execute("1", timeout=120)

    await use_and_close()
    before = _open_fds()
    for _ in range(3 * _OTHERS):
        await use_and_close()
    assert _open_fds() < before + _OTHERS
