"""Kernels that cost nothing, for tests of what a pool does with thousands of them."""

from __future__ import annotations

import asyncio

from replgym.kernels import Capabilities, CellResult, CellStatus, IsolationLevel, UnsupportedError


class CountedKernel:
    """A kernel whose only deed is to be counted."""

    def __init__(self, house: KernelCounter) -> None:
        self._house = house
        self.replacements = 0
        self.alive = True
        self.closes = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("counted", IsolationLevel.LIMITS)

    async def execute(self, code: str, *, timeout: float) -> CellResult:
        return CellResult(CellStatus.OK)

    async def reply(self, text: str, *, timeout: float) -> CellResult:
        return CellResult(CellStatus.OK)

    async def interrupt(self) -> None:
        pass

    async def restart(self) -> None:
        pass

    async def fork(self) -> CountedKernel:
        return self._house.make()

    async def write_file(self, path: str, data: bytes) -> None:
        raise UnsupportedError("no files")

    async def read_file(self, path: str, *, limit: int = 0) -> bytes:
        raise UnsupportedError("no files")

    def is_alive(self) -> bool:
        return self.alive

    async def close(self) -> None:
        self.closes += 1
        await asyncio.sleep(self._house.close_seconds)
        if self.closes == 1:
            self._house.open -= 1
        if self._house.close_error is not None:
            raise self._house.close_error


class KernelCounter:
    """A factory that knows how many of its kernels are open, and how many were at most."""

    def __init__(self, start_seconds: float = 0.0, close_seconds: float = 0.0) -> None:
        self.start_seconds = start_seconds
        self.close_seconds = close_seconds
        self.close_error: Exception | None = None
        self.made: list[CountedKernel] = []
        self.open = self.most = 0

    def make(self) -> CountedKernel:
        self.open += 1
        self.most = max(self.most, self.open)
        self.made.append(CountedKernel(self))
        return self.made[-1]

    async def __call__(self) -> CountedKernel:
        await asyncio.sleep(self.start_seconds)
        return self.make()
