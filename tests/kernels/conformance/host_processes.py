"""The host's view of what a cell started.

Inside, processes may have numbers of their own, so they are known here by an argument that nothing else has.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path


def unique_seconds() -> str:
    """An argument for `sleep` that no other process has."""
    return f"600.{random.SystemRandom().randrange(10**12):012}"


def running_with(argument: str) -> list[int]:
    """The living processes of the host that have the argument on their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if argument.encode() in words and state != "Z":
                found.append(int(folder.name))
    return found


async def until_running(argument: str, count: int, seconds: float = 30.0) -> None:
    """Waits until so many processes have the argument.

    Raises:
        TimeoutError: If they do not in time.
    """
    async with asyncio.timeout(seconds):
        while len(running_with(argument)) < count:
            await asyncio.sleep(0.02)


async def until_gone(argument: str, seconds: float = 10.0) -> None:
    """Waits until no process has the argument.

    Raises:
        TimeoutError: If one still has.
    """
    async with asyncio.timeout(seconds):
        while running_with(argument):
            await asyncio.sleep(0.02)
