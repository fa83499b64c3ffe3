"""One pool of kernels on every node of a Ray cluster, used like a local pool.

Every node has an actor that owns a `KernelPool`. A caller gets a kernel of its own node if that has a pool,
else of the node with the least to do. A `RayKernelPool` can be sent to tasks and actors of the cluster; each
copy is a client of its own, whose kernels end when it falls silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from .backend_options import BackendOptions
from .capabilities import Capabilities
from .kernel import Kernel
from .kernel_error import KernelStartError
from .pool_stats import PoolStats
from .ray_pool_actor import RayPoolActor
from .remote_kernel import ActorLostError, RemoteKernel, call_actor

_CALL_SECONDS = 60.0
_SIGNS_PER_LEASE = 4
_MOST_CALLS = 10_000
_PAUSE = 0.2


class RayKernelPool:
    """The pools of all nodes as one. Make it with `start`, in the process that is to own them.

    Args:
        actors: Id of the node -> the actor there.
        lease: Seconds of silence after which the sessions of a client end.
    """

    def __init__(self, actors: Mapping[str, Any], lease: float) -> None:
        self._actors = dict(actors)
        self._lease = lease
        self._client = uuid.uuid4().hex
        self._open = 0
        self._closings: set[asyncio.Task[None]] = set()
        self._signs: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        backend: str = "jupyter",
        *,
        size: int = 8,
        warm: int = 2,
        lease: float = 120.0,
        start_timeout: float = 120.0,
        **options: Any,
    ) -> RayKernelPool:
        """Starts an actor on every living node; they end with the process that called this.

        Args:
            backend: A name in `BACKENDS`.
            size: The most kernels alive at once on each node.
            warm: Kernels started ahead of demand on each node.
            lease: Seconds of silence after which the kernels of a client end.
            start_timeout: Seconds until a node whose pool does not answer is given up.
            **options: Fields of `BackendOptions`.

        Raises:
            BackendOptionsError: If an option is not allowed.
            KernelStartError: If Ray does not run here, or a node cannot start kernels.
        """
        BackendOptions(**options)
        pool = cls(_start_actors(backend, size, warm, options, lease), lease)
        try:
            for actor in pool._actors.values():
                await call_actor(actor, "capabilities", timeout=start_timeout)
        except BaseException:
            await pool.close()
            raise
        return pool

    def __reduce__(self) -> tuple[type[RayKernelPool], tuple[Mapping[str, Any], float]]:
        return RayKernelPool, (self._actors, self._lease)

    @asynccontextmanager
    async def acquire(self, timeout: float = 60.0) -> AsyncIterator[Kernel]:
        """Lends a fresh kernel and closes it at the end of the block.

        Args:
            timeout: Seconds to wait for one.

        Raises:
            PoolSaturatedError: If no kernel came free in time.
            KernelStartError: If kernels cannot be started, or no node is left.
        """
        session = uuid.uuid4().hex

        async def reopen(name: str) -> tuple[Any, Capabilities]:
            return await self._open_session(name, timeout)

        actor, capabilities = await reopen(session)
        async with self.adopt(RemoteKernel(actor, session, capabilities, reopen)) as kernel:
            yield kernel

    @asynccontextmanager
    async def adopt(self, kernel: Kernel) -> AsyncIterator[Kernel]:
        """Keeps a kernel that `Kernel.fork` made alive, and closes it at the end of the block."""
        self._open += 1
        if self._signs is None:
            self._signs = asyncio.create_task(self._give_signs())
        try:
            yield kernel
        finally:
            closing = asyncio.create_task(kernel.close())
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)
            self._open -= 1
            if not self._open and self._signs is not None:
                self._signs.cancel()
                self._signs = None
            await asyncio.shield(closing)

    async def capabilities(self) -> Capabilities:
        """What the kernels of this node promise, or of some node if this has none."""
        actor = await self._choose(time.monotonic() + _CALL_SECONDS)
        capabilities: Capabilities = await call_actor(actor, "capabilities", timeout=_CALL_SECONDS)
        return capabilities

    async def stats(self) -> dict[str, PoolStats]:
        """A snapshot of every node's pool that answers, by the node's id."""
        found = await asyncio.gather(*map(self._stats, self._actors))
        return {node: stats for node, stats in zip(self._actors, found, strict=True) if stats is not None}

    async def close(self) -> None:
        """Ends all pools, also for all other clients."""
        import ray

        if self._signs is not None:
            self._signs.cancel()
            self._signs = None
        for actor in self._actors.values():
            with contextlib.suppress(ActorLostError):
                await call_actor(actor, "close", timeout=_CALL_SECONDS)
            ray.kill(actor)
        self._actors.clear()

    async def __aenter__(self) -> RayKernelPool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open_session(self, session: str, timeout: float) -> tuple[Any, Capabilities]:
        """Opens a session on some node; one that is lost meanwhile is passed over or comes back."""
        end = time.monotonic() + timeout
        while True:
            actor = await self._choose(end)
            left = max(end - time.monotonic(), 0.0)
            try:
                arguments = (self._client, session, left)
                return actor, await call_actor(actor, "open", *arguments, timeout=left + _CALL_SECONDS)
            except ActorLostError:
                await asyncio.sleep(_PAUSE)
            except asyncio.CancelledError:
                actor.close_session.remote(session)
                raise

    async def _choose(self, end: float) -> Any:
        """The actor of this node if it answers, else the one with the least to do."""
        import ray

        here = ray.get_runtime_context().get_node_id()
        while True:
            if here in self._actors and await self._stats(here) is not None:
                return self._actors[here]
            loads = {node: stats.waiting + stats.acquired for node, stats in (await self.stats()).items()}
            if loads:
                return self._actors[min(loads, key=loads.__getitem__)]
            if time.monotonic() > end:
                raise KernelStartError("no node of the cluster has a pool of kernels that answers")
            await asyncio.sleep(_PAUSE)

    async def _stats(self, node: str) -> PoolStats | None:
        try:
            stats: PoolStats = await call_actor(self._actors[node], "stats", timeout=_CALL_SECONDS)
        except ActorLostError:
            return None
        return stats

    async def _give_signs(self) -> None:
        """Tells all actors that this client lives, as long as it has a kernel."""
        while True:
            for actor in self._actors.values():
                actor.touch.remote(self._client)
            await asyncio.sleep(self._lease / _SIGNS_PER_LEASE)


def _start_actors(*arguments: object) -> dict[str, Any]:
    """An actor on every living node, by the node's id."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if not ray.is_initialized():
        raise KernelStartError("Ray is not connected; call ray.init() first")
    remote = ray.remote(RayPoolActor)
    return {
        node["NodeID"]: remote.options(
            num_cpus=0,
            max_concurrency=_MOST_CALLS,
            max_restarts=-1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(*arguments)
        for node in ray.nodes()
        if node["Alive"]
    }
