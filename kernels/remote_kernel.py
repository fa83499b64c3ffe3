"""A kernel of another node's pool, with the face of a local one.

The actor that holds the kernel can die, with its node or alone. That is told as the death of an interpreter
is: the cell's result says that the state is lost, and the next cell has a fresh kernel of a living pool.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from .capabilities import Capabilities
from .cell_result import CellResult, CellStatus
from .kernel_error import KernelClosedError, KernelError
from .ray_pool_actor import SessionLostError
from .supervised_kernel import DEFAULT_FILE_LIMIT

_MARGIN_SECONDS = 60.0


class ActorLostError(KernelError):
    """The actor that holds the kernel is dead or out of reach."""


class RemoteKernel:
    """A `Kernel` behind a Ray actor. Make it with `RayKernelPool.acquire`.

    Args:
        actor: The actor that holds the session.
        session: The session's name.
        capabilities: What its pool promises.
        reopen: Opens a session of this name, and returns the actor that holds it and what its pool promises.
    """

    def __init__(
        self,
        actor: Any,
        session: str,
        capabilities: Capabilities,
        reopen: Callable[[str], Awaitable[tuple[Any, Capabilities]]],
    ) -> None:
        self._actor = actor
        self._session = session
        self._capabilities = capabilities
        self._reopen = reopen
        self._alive = True
        self._closed = False
        self._replacements = 0

    @property
    def capabilities(self) -> Capabilities:
        """What its pool promises."""
        return self._capabilities

    @property
    def replacements(self) -> int:
        """How often the actor was lost and the kernel replaced."""
        return self._replacements

    async def execute(self, code: str, *, timeout: float) -> CellResult:
        """Runs a cell; see `Kernel.execute`."""
        return await self._run("execute", code, timeout)

    async def reply(self, text: str, *, timeout: float) -> CellResult:
        """Answers the waiting cell; see `Kernel.reply`."""
        return await self._run("reply", text, timeout)

    async def interrupt(self) -> None:
        """Sends SIGINT to the running cell; does nothing when idle."""
        await self._call("interrupt")

    async def restart(self) -> None:
        """Replaces the interpreter by a fresh one."""
        try:
            await self._call("restart")
        except (ActorLostError, SessionLostError):
            await self._replace()

    async def fork(self) -> RemoteKernel:
        """Clones the interpreter on its node; see `Kernel.fork`."""
        twin = uuid.uuid4().hex
        await self._call("fork", twin)
        return RemoteKernel(self._actor, twin, self._capabilities, self._reopen)

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace; see `Kernel.write_file`."""
        await self._call("write_file", path, data)

    async def read_file(self, path: str, *, limit: int = DEFAULT_FILE_LIMIT) -> bytes:
        """Gets a file from the workspace; see `Kernel.read_file`."""
        data: bytes = await self._call("read_file", path, limit)
        return data

    def is_alive(self) -> bool:
        """Whether it lived when it was last heard of; asking would block."""
        return self._alive and not self._closed

    async def close(self) -> None:
        """Ends the session; idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            await call_actor(self._actor, "close_session", self._session, timeout=_MARGIN_SECONDS)
        except ActorLostError:
            self._alive = False  # and its kernels with it

    async def _run(self, method: str, text: str, timeout: float) -> CellResult:
        try:
            result: CellResult = await self._call(method, text, timeout, seconds=timeout)
        except (ActorLostError, SessionLostError):
            await self._replace()
            cause = "its node lost it"
            return CellResult(status=CellStatus.DIED, state_lost=True, cause=cause)
        return result

    async def _call(self, method: str, *arguments: Any, seconds: float = 0.0) -> Any:
        if self._closed:
            raise KernelClosedError("the kernel was closed")
        timeout = seconds + _MARGIN_SECONDS
        return await call_actor(self._actor, method, self._session, *arguments, timeout=timeout)

    async def _replace(self) -> None:
        self._alive = False
        self._session = uuid.uuid4().hex
        self._actor, self._capabilities = await self._reopen(self._session)
        self._replacements += 1
        self._alive = True


async def call_actor(actor: Any, method: str, *arguments: Any, timeout: float) -> Any:
    """Calls a method of an actor; a caller that is cancelled cancels the call there too.

    Raises:
        ActorLostError: If the actor died or did not answer in time.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        answer = getattr(actor, method).remote(*arguments)
        async with asyncio.timeout(timeout):
            return await answer
    except asyncio.CancelledError:
        ray.cancel(answer)
        raise
    except TimeoutError as error:
        ray.cancel(answer)
        raise ActorLostError(f"the actor did not answer {method} within {timeout:g} s") from error
    except RayTaskError as error:
        if isinstance(error.cause, Exception):
            raise error.cause from None
        raise
    except RayError as error:
        raise ActorLostError(f"the actor is gone: {error}") from error
