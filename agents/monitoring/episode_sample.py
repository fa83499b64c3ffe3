"""A few episodes of many, drawn evenly whatever their order: those whose ids have the least digests."""

from __future__ import annotations

import hashlib
import heapq

from ..rollouts.episode import Episode


class EpisodeSample:
    """Keeps the lines of at most `size` episodes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, bytes]] = []

    def add(self, episode_id: str, line: bytes) -> None:
        """Offers one episode."""
        if not self._size:
            return
        digest = int.from_bytes(hashlib.sha256(episode_id.encode()).digest()[:8], "big")
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, (-digest, line))
        else:
            heapq.heappushpop(self._heap, (-digest, line))

    def episodes(self) -> tuple[Episode, ...]:
        """What was drawn."""
        return tuple(Episode.model_validate_json(line) for _, line in sorted(self._heap, reverse=True))
