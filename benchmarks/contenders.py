"""Who takes part: the same few verbs over a naive Jupyter client and over every back end."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from replgym.kernels import BackendOptions, CellStatus, Kernel, KernelBackend, make_backend

PATIENCE = 60.0


class Session(Protocol):
    """One interpreter for one episode."""

    async def run(self, code: str) -> None:
        """Runs a cell, which may raise, to its end."""
        ...

    async def reset(self) -> None:
        """Makes the interpreter as good as new."""
        ...

    async def close(self) -> None:
        """Ends it."""
        ...


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to run episodes."""

    name: str
    start: Callable[[], Awaitable[Session]]
    """Starts a session and returns when it has answered."""
    close: Callable[[], Awaitable[None]]
    backend: KernelBackend | None = None
    stateful: bool = True
    """Whether variables live from cell to cell; if not, it can play no episodes."""


class NaiveSession:
    """What the documentation of jupyter_client leads to: a new `AsyncKernelManager` for every episode."""

    def __init__(self, manager: Any, client: Any) -> None:
        self._manager = manager
        self._client = client

    @classmethod
    async def start(cls) -> NaiveSession:
        """Starts an ipykernel and waits until it is ready."""
        from jupyter_client.manager import AsyncKernelManager

        manager = AsyncKernelManager(kernel_name="python3")
        await manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=PATIENCE)
        return cls(manager, client)

    async def run(self, code: str) -> None:
        """Runs a cell; outputs are collected and thrown away."""
        await self._client.execute_interactive(code, output_hook=lambda _: None, timeout=PATIENCE)

    async def reset(self) -> None:
        """Restarts the kernel."""
        await self._manager.restart_kernel(now=True)
        await self._client.wait_for_ready(timeout=PATIENCE)

    async def close(self) -> None:
        """Kills the kernel without ceremony, which is the faster way."""
        self._client.stop_channels()
        await self._manager.shutdown_kernel(now=True)


class KernelSession:
    """A session on one of the project's kernels."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    async def run(self, code: str) -> None:
        """Runs a cell."""
        result = await self.kernel.execute(code, timeout=PATIENCE)
        if result.status not in (CellStatus.OK, CellStatus.ERROR):
            raise RuntimeError(f"a cell of the benchmark ended with {result.status}: {result.text(500)}")

    async def reset(self) -> None:
        """Replaces the interpreter."""
        await self.kernel.restart()

    async def close(self) -> None:
        """Closes the kernel."""
        await self.kernel.close()


async def _nothing() -> None:
    return None


def naive() -> Contender:
    """The yardstick."""
    return Contender("naive jupyter_client", NaiveSession.start, _nothing)


def of_backend(name: str, label: str = "", **options: Any) -> Contender:
    """A back end of the project, without a pool: every start is a cold one.

    Args:
        name: A name in `replgym.kernels.BACKENDS`.
        label: How it is called in the results; the name by default.
        **options: Fields of `BackendOptions`.
    """
    backend = make_backend(name, BackendOptions(**options))

    async def start() -> Session:
        return KernelSession(await backend.start_kernel())

    return Contender(label or name, start, backend.close, backend)
