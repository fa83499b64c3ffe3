"""A small limit on open files does not limit interpreters."""

from __future__ import annotations

import subprocess
import sys

MANY = """
import asyncio, os, resource
from contextlib import AsyncExitStack
from replgym.kernels import make_kernel_pool
from replgym.kernels.open_files import allow_open_files

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
allow_open_files(12)


async def main():
    async with make_kernel_pool("fork", size=12, warm=0) as pool, AsyncExitStack() as stack:
        kernels = [await stack.enter_async_context(pool.acquire()) for _ in range(12)]
        results = await asyncio.gather(*(kernel.execute("6 * 7", timeout=20) for kernel in kernels))
        print([result.text() for result in results] == ["42"] * 12, len(os.listdir("/proc/self/fd")) > 64)


asyncio.run(main())
"""
FEW = """
import resource
from replgym.kernels.open_files import allow_open_files

resource.setrlimit(resource.RLIMIT_NOFILE, (200, 800))
for kernels in (1_000_000, 1):
    allow_open_files(kernels)
    print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def ran(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_room_is_made_for_more_interpreters_than_the_limit_has() -> None:
    done = ran(MANY)
    assert done.stdout == "True True\n", done.stderr


def test_the_hard_limit_is_kept_and_a_high_limit_is_not_lowered() -> None:
    done = ran(FEW)
    assert done.stdout == "(800, 800)\n(800, 800)\n", done.stderr
