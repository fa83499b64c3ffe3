"""Plays episodes on the nodes of a Ray cluster: the run stays here, an actor on each node plays.

Every node has a policy, interpreters and a judge of its own. A job goes to the node with the fewest episodes.
When a node is lost, its jobs are played on others; an actor that comes back is used again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ...kernels.kernel_error import KernelStartError
from ...kernels.remote_kernel import ActorLostError, call_actor
from ..policies.policy_source import PolicySource
from .episode import Episode
from .episode_job import EpisodeJob
from .play_settings import PlaySettings
from .ray_player_actor import RayPlayerActor

_OPEN_SECONDS = 120.0
_MARGIN_SECONDS = 120.0
"""What an actor may need beyond an episode's deadline, before it is given up."""
_RETURN_SECONDS = 600.0
"""How long a living node may be without an actor, before it is forgotten."""
_PAUSE = 0.5


class NoNodeLeftError(RuntimeError):
    """No node of the cluster plays any more."""


class RayPlayer:
    """An `EpisodePlayer`; make it with `open_ray_player`.

    Args:
        actors: Id of the node -> the actor there.
        seats: The most episodes at once on a node.
        answer_seconds: How long an actor may take for one episode.
    """

    def __init__(self, actors: Mapping[str, Any], seats: int, answer_seconds: float) -> None:
        self.seats = seats * len(actors)
        self._actors = dict(actors)
        self._seats_each = seats
        self._answer_seconds = answer_seconds
        self._loads = dict.fromkeys(actors, 0)
        self._returning: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Condition()

    async def play(self, job: EpisodeJob) -> Episode:
        """Plays one attempt, on another node if the first is lost; see `EpisodePlayer.play`.

        Raises:
            NoNodeLeftError: If every node is lost.
        """
        while True:
            node = await self._seat()
            try:
                episode: Episode = await call_actor(
                    self._actors[node], "play", job, timeout=self._answer_seconds
                )
            except ActorLostError:
                self._lose(node)
            else:
                return episode
            finally:
                await self._leave(node)

    async def open(self) -> None:
        """Has every node make what it needs.

        Raises:
            NoNodeLeftError: If none can.
        """
        opened = (call_actor(actor, "open", timeout=_OPEN_SECONDS) for actor in self._actors.values())
        for node, found in zip(
            tuple(self._actors), await asyncio.gather(*opened, return_exceptions=True), strict=True
        ):
            if isinstance(found, ActorLostError):
                self._lose(node)
            elif found is not None:
                raise found

    async def close(self) -> None:
        """Ends the actors and what they started."""
        import ray

        for task in self._returning.values():
            task.cancel()
        closing = (call_actor(actor, "close", timeout=_MARGIN_SECONDS) for actor in self._actors.values())
        await asyncio.gather(*closing, return_exceptions=True)
        for actor in self._actors.values():
            ray.kill(actor)

    async def _seat(self) -> str:
        """Takes a seat on the living node that plays least."""
        async with self._changed:
            while True:
                free = {n: load for n, load in self._loads.items() if n not in self._returning}
                if free and min(free.values()) < self._seats_each:
                    node = min(free, key=free.__getitem__)
                    self._loads[node] += 1
                    return node
                if not self._loads:
                    raise NoNodeLeftError("no node of the Ray cluster plays any more; start one and resume")
                await self._changed.wait()

    async def _leave(self, node: str) -> None:
        if node in self._loads:
            self._loads[node] -= 1
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _lose(self, node: str) -> None:
        """Gives a node no jobs until its actor answers again; forgets it when the node is gone."""
        if node in self._loads and node not in self._returning:
            self._returning[node] = asyncio.create_task(self._await_return(node))

    async def _await_return(self, node: str) -> None:
        if not await self._returns(node):
            del self._loads[node]
        del self._returning[node]
        await self._tell()

    async def _returns(self, node: str) -> bool:
        end = time.monotonic() + _RETURN_SECONDS
        while time.monotonic() < end and await _is_alive(node):
            try:
                await call_actor(self._actors[node], "open", timeout=_OPEN_SECONDS)
            except ActorLostError:
                await asyncio.sleep(_PAUSE)
            except Exception:  # noqa: BLE001 - whatever a node lacks to open again, the others play on
                return False
            else:
                return True
        return False


@asynccontextmanager
async def open_ray_player(
    policy: PolicySource,
    settings: PlaySettings,
    *,
    address: str | None = None,
    seats: int = 8,
    kernels: int | None = None,
) -> AsyncIterator[RayPlayer]:
    """Starts an actor on every living node of a cluster, and ends them with the block.

    Args:
        policy: Who acts; it is sent to every node and opened there.
        settings: How episodes are played.
        address: The cluster, as `ray.init` takes it; None where this process is connected already, or for
            the cluster of this machine.
        seats: The most episodes at once on each node.
        kernels: The most interpreters alive at once on each node; as many as seats, up to 256, by default.

    Raises:
        KernelStartError: If there is no such cluster.
        NoNodeLeftError: If no node can play.
    """
    async with _connected(address):
        actors = _start_actors(policy, settings, seats, kernels)
        player = RayPlayer(actors, seats, settings.limits.seconds + _MARGIN_SECONDS)
        try:
            await player.open()
            yield player
        finally:
            await player.close()


@asynccontextmanager
async def _connected(address: str | None) -> AsyncIterator[None]:
    """Joins a cluster and leaves it, unless this process is in one already."""
    import ray

    ours = not ray.is_initialized()
    if ours:
        try:
            await asyncio.to_thread(ray.init, address=address, log_to_driver=False)
        except (ConnectionError, ValueError) as error:
            raise KernelStartError(f"--ray {address}: {error}") from error
    try:
        yield
    finally:
        if ours:
            await asyncio.to_thread(ray.shutdown)


def _start_actors(
    policy: PolicySource, settings: PlaySettings, seats: int, kernels: int | None
) -> dict[str, Any]:
    """An actor on every living node, by the node's id."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    remote = ray.remote(RayPlayerActor)
    return {
        node["NodeID"]: remote.options(
            num_cpus=0,
            max_concurrency=2 * seats + 8,
            max_restarts=-1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(policy, settings, seats, kernels)
        for node in ray.nodes()
        if node["Alive"]
    }


async def _is_alive(node: str) -> bool:
    import ray

    nodes = await asyncio.to_thread(ray.nodes)
    return any(each["NodeID"] == node and each["Alive"] for each in nodes)
