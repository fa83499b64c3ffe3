"""What plays on one node of a Ray cluster: a policy, interpreters and a judge, which end with the process.

It opens them at the first episode, so that an actor that Ray started anew needs nobody to set it up.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from ..policies.policy_source import PolicySource
from .episode import Episode
from .episode_job import EpisodeJob
from .local_player import LocalPlayer, open_local_player
from .play_settings import PlaySettings


class RayPlayerActor:
    """Its methods are called remotely.

    Args:
        policy: Who acts; opened on this node.
        settings: How episodes are played.
        seats: The most episodes at once on this node.
        kernels: The most interpreters alive at once on this node.
    """

    def __init__(self, policy: PolicySource, settings: PlaySettings, seats: int, kernels: int | None) -> None:
        self._policy = policy
        self._settings = settings
        self._seats = seats
        self._kernels = kernels
        self._stack = AsyncExitStack()
        self._player: LocalPlayer | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Opens policy, interpreters and judge; idempotent.

        Raises:
            UsageError: If the policy cannot be made here.
        """
        async with self._opening:
            if self._player is not None:
                return
            async with AsyncExitStack() as stack:
                parser = self._settings.env.make_parser()
                policy = await stack.enter_async_context(self._policy.open(parser))
                self._player = await stack.enter_async_context(
                    open_local_player(policy, self._settings, seats=self._seats, kernels=self._kernels)
                )
                self._stack = stack.pop_all()

    async def play(self, job: EpisodeJob) -> Episode:
        """Plays one attempt; a caller that cancels it frees interpreter and engine."""
        await self.open()
        assert self._player is not None
        return await self._player.play(job)

    async def close(self) -> None:
        """Ends everything that `open` started."""
        self._player = None
        await self._stack.aclose()
