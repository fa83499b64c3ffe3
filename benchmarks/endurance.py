"""Long runs: what is left after thousands of episodes, and what a thousand idle interpreters cost."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import machine
import results
from contenders import KernelSession, of_backend

from replgym.kernels import KernelPool, make_kernel_pool

_WORKERS = 8
_WARM_UP_CYCLES = 50
_SETTLE_SECONDS = 3.0


async def soak(backends: Sequence[str], cycles: int, folder: Path) -> int:
    """Opens and closes that many sessions of every back end through a pool, and says what is left.

    Returns:
        0 when nothing but less than 20 MB of memory is left, else 1.
    """
    record: dict[str, object] = {"machine": machine.describe(), "cycles": cycles}
    clean = True
    for backend in backends:
        await _cycle(backend, _WARM_UP_CYCLES)  # libraries are loaded, an engine's own sockets are open
        await _settle()
        before, begin = machine.held(), time.perf_counter()
        half = await _cycle(backend, cycles)
        await _settle()
        after = machine.held()
        grown = {name: after[name] - before[name] for name in before}
        memory_ok = grown["resident bytes"] < 20 << 20
        rest_ok = all(
            grown[name] <= 0 for name in ("descriptors", "temporary files", "mounts", "control groups")
        )
        rest_ok = rest_ok and grown["processes"] <= 0
        clean = clean and memory_ok and rest_ok
        seconds = round(time.perf_counter() - begin, 1)
        record[backend] = {
            "grown": grown,
            "resident growth in the second half": after["resident bytes"] - half["resident bytes"],
            "seconds": seconds,
            "clean": memory_ok and rest_ok,
        }
        sys.stdout.write(f"{backend}: {cycles} cycles in {seconds} s; grown: {grown}\n")
    results.write(folder, "-".join(["soak", *backends]), record, _markdown(record))
    return 0 if clean else 1


async def _cycle(backend: str, cycles: int) -> dict[str, int]:
    """Opens and closes sessions; returns what was held when half of them were done."""
    left = cycles

    async def work(pool: KernelPool) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with pool.acquire(60) as kernel:
                result = await kernel.execute("x = 1\nx + 1", timeout=30)
                assert result.text() == "2", result

    async with make_kernel_pool(backend, size=_WORKERS + 2, warm=2) as pool, asyncio.TaskGroup() as group:
        for _ in range(_WORKERS):
            group.create_task(work(pool))
        while left > cycles // 2:
            await asyncio.sleep(0.5)
        return machine.held()


async def _settle() -> None:
    gc.collect()
    await asyncio.sleep(_SETTLE_SECONDS)


async def idle(backends: Sequence[str], count: int, folder: Path) -> int:
    """Keeps that many sessions alive and measures what they cost the machine."""
    record: dict[str, object] = {"machine": machine.describe(), "sessions": count}
    for backend in backends:
        contender = of_backend(backend)
        await (await contender.start()).close()
        before, own = machine.processes(), machine.available_bytes()
        sessions: list[KernelSession] = []
        begin = time.perf_counter()
        while len(sessions) < count:
            wave = [contender.start() for _ in range(min(_WORKERS, count - len(sessions)))]
            for session in await asyncio.gather(*wave):
                assert isinstance(session, KernelSession)
                await session.run("x = 1")
                sessions.append(session)
        seconds = time.perf_counter() - begin
        private = machine.unique_bytes(machine.processes() - before)
        used = own - machine.available_bytes()
        await asyncio.gather(*(session.run("x += 1") for session in sessions))
        await asyncio.gather(*(session.close() for session in sessions))
        await contender.close()
        record[backend] = {
            "private bytes": private,
            "machine bytes": used,
            "seconds to start": round(seconds, 1),
        }
        sys.stdout.write(
            f"{backend}: {count} sessions in {seconds:.1f} s; private memory {private / 2**30:.2f} GiB, "
            f"taken from the machine {used / 2**30:.2f} GiB; all answered\n"
        )
    results.write(folder, "idle", record, _markdown(record))
    return 0


def _markdown(record: dict[str, object]) -> str:
    return "".join(f"- {name}: {value}\n" for name, value in record.items())
