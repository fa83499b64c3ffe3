"""The measurements: each takes one sample of one contender, so that contenders can take turns."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import machine
from contenders import PATIENCE, Contender, KernelSession

from replgym.kernels import SupervisedKernel

EPISODE = (
    "import math\nvalues = [math.sqrt(i) for i in range(100)]",
    "total = sum(values)\nprint(total)",
    "values[1000]",
    "def mean(xs):\n    return sum(xs) / len(xs)\nmean(values)",
    "print(round(mean(values), 3))",
)
"""Five cells of one episode; the third raises."""
_TRIPS = 30
_DYING_SECONDS = 0.3
_LAST_CELL = f"import os, time\nprint(time.time(), flush=True)\ntime.sleep({_DYING_SECONDS})\nos._exit(1)"


async def start(contender: Contender) -> dict[str, float]:
    """Seconds from nothing to a ready interpreter and to its first result."""
    begin = time.perf_counter()
    session = await contender.start()
    ready = time.perf_counter() - begin
    await session.run("1 + 1")
    first = time.perf_counter() - begin
    await session.close()
    return {"start to ready": ready, "start to first result": first}


async def round_trip(contender: Contender) -> dict[str, float]:
    """Seconds for one trivial cell in a live session, the mean of a run of them."""
    session = await contender.start()
    for _ in range(5):
        await session.run("1 + 1")
    begin = time.perf_counter()
    for _ in range(_TRIPS):
        await session.run("1 + 1")
    took = (time.perf_counter() - begin) / _TRIPS
    await session.close()
    return {"round trip": took}


async def reset(contender: Contender) -> dict[str, float]:
    """Seconds to make a used interpreter as good as new and to get a result from it."""
    session = await contender.start()
    await session.run("x = 1")
    begin = time.perf_counter()
    await session.reset()
    await session.run("1 + 1")
    took = time.perf_counter() - begin
    await session.close()
    return {"reset to first result": took}


async def starts(contender: Contender, *, count: int, workers: int) -> dict[str, float]:
    """Starts in one second, with closes, by some workers at once."""

    async def one() -> None:
        await (await contender.start()).close()

    return {"starts per second": count / await _timed(one, count, workers)}


async def episodes(contender: Contender, *, count: int, workers: int) -> dict[str, float]:
    """Whole episodes in one second (start, five cells, close), and the machine's CPU time for one."""

    async def one() -> None:
        session = await contender.start()
        for cell in EPISODE:
            await session.run(cell)
        await session.close()

    busy = machine.busy_seconds()
    took = await _timed(one, count, workers)
    return {"episodes per second": count / took, "cpu per episode": (machine.busy_seconds() - busy) / count}


async def memory(contender: Contender, *, count: int) -> dict[str, float]:
    """Bytes that one more live session costs: private memory of all new processes, and growth of this one."""
    first = await contender.start()
    before, own = machine.processes(), machine.unique_bytes({os.getpid()})
    sessions = [await contender.start() for _ in range(count)]
    for session in sessions:
        await session.run("x = [i for i in range(1000)]\nprint(sum(x))")
    grown = machine.unique_bytes(machine.processes() - before) + machine.unique_bytes({os.getpid()}) - own
    for session in (first, *sessions):
        await session.close()
    return {"memory per session": grown / count}


async def live_fork(contender: Contender, *, megabytes: int) -> dict[str, float]:
    """Seconds to clone a live session that holds some state, to the clone's first result."""
    session = await contender.start()
    assert isinstance(session, KernelSession)
    await session.run(f"state = bytearray({megabytes} << 20)\nstate[::4096] = b'x' * len(state[::4096])")
    begin = time.perf_counter()
    clone = KernelSession(await session.kernel.fork())
    await clone.run("len(state)")
    took = time.perf_counter() - begin
    await clone.close()
    await session.close()
    return {f"fork of a live session with {megabytes} MB": took}


async def _timed(one: Callable[[], Awaitable[None]], count: int, workers: int) -> float:
    """Seconds for `count` runs of `one`, `workers` at a time."""
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await one()

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())
    return time.perf_counter() - begin


async def death(contender: Contender) -> dict[str, float]:
    """Seconds from the last breath of an interpreter, in the middle of a cell, until the host knows."""
    session = await contender.start()
    if not isinstance(session, KernelSession) or not isinstance(session.kernel, SupervisedKernel):
        await session.close()
        return {}
    noticed: list[float] = []
    loss = session.kernel._loss
    assert loss is not None
    loss.add_done_callback(lambda _: noticed.append(time.time()))
    result = await session.kernel.execute(_LAST_CELL, timeout=PATIENCE)
    died = float(result.outputs[0].text) + _DYING_SECONDS
    await session.close()
    return {"death noticed": noticed[0] - died}
