"""A process that has a pool is killed: nothing of it is left, whatever its back end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from replgym.kernels.gateway.gateway_client import GatewayClient
from replgym.kernels.gateway.gateway_options import GatewayOptions
from replgym.kernels.process_tree import descendants

from . import backend_house
from .conformance.host_processes import running_with, unique_seconds, until_running
from .containers.engine import containers_of

_OWNER = """
import asyncio, json, sys
from replgym.kernels import make_kernel_pool

async def main():
    backend, mark, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    async with make_kernel_pool(backend, size=4, warm=1, **options) as pool:
        async with pool.acquire() as busy, pool.acquire() as idle:
            sleeper = f"s.Popen(['sleep', '{mark}'], start_new_session=new)"
            started = f"import subprocess as s\\nfor new in (0, 1): {sleeper}"
            for kernel in (busy, idle):
                result = await kernel.execute(started, timeout=60)
                assert result.error is None, result.text()
            await idle.write_file("left/behind", b"x" * 1000)
            while not pool.stats().warm:
                await asyncio.sleep(0.01)
            print("ready", flush=True)
            await busy.execute("while True: pass", timeout=600)

asyncio.run(main())
"""
_SECONDS = 90.0
_SERVER_OPTIONS = {"orphan_timeout": 3}


def _groups(processes: list[int]) -> list[str]:
    """The control groups that fork servers among the processes made for themselves."""
    names = tuple(f"replgym-{pid}-" for pid in processes)
    walk = os.walk("/sys/fs/cgroup")  # what others remove meanwhile is passed over
    return [f"{above}/{name}" for above, below, _ in walk for name in below if name.startswith(names)]


async def _left_on_server(options: Mapping[str, Any]) -> list[str]:
    """What a Jupyter server still has of us."""
    client = GatewayClient(GatewayOptions(**options))
    try:
        return list(await client.running())
    finally:
        await client.close()


async def _left(
    owner: int, processes: list[int], mark: str, folder: Path, outside: Mapping[str, Any]
) -> list[str]:
    """Everything that is left, in words."""
    left = [f"process {pid}" for pid in processes if _runs(pid)]
    left += [f"process {pid} of a cell" for pid in running_with(mark)]
    left += [f"file {path}" for path in folder.iterdir()]
    if "gateway" in outside:
        left += [f"kernel {kernel} on the server" for kernel in await _left_on_server(outside["gateway"])]
    return left


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def _start_owner(backend: str, mark: str, folder: Path, outside: Mapping[str, Any]) -> Any:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _OWNER,
        backend,
        mark,
        json.dumps(outside),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert owner.stdout is not None
    async with asyncio.timeout(_SECONDS):
        assert await owner.stdout.readline() == b"ready\n"
    return owner


@pytest.mark.parametrize("variant", backend_house.variants_under_test())
async def test_nothing_outlives_its_owner(variant: str, short_folder: Path) -> None:
    backend, options = backend_house.VARIANTS.get(variant, (variant, {}))
    mark = unique_seconds()
    async with AsyncExitStack() as stack:
        outside = dict(options)
        if need := backend_house.NEEDS.get(backend):
            outside |= await stack.enter_async_context(need.provide())
        if "gateway" in outside:
            outside["gateway"] = {**outside["gateway"], **_SERVER_OPTIONS}
        owner = await _start_owner(backend, mark, short_folder, outside)
        await until_running(mark, 4)
        processes = descendants(owner.pid)
        owner.send_signal(signal.SIGKILL)
        await owner.wait()
        left = ["everything"]
        end = asyncio.get_running_loop().time() + _SECONDS
        while left and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.1)
            left = await _left(owner.pid, processes, mark, short_folder, outside)
            left += [] if left else [f"control group {name}" for name in _groups(processes)]
            left += [f"container {name}" for name in containers_of(owner.pid)] if backend == "docker" else []
        assert left == []
