"""Process 1 of a container as the client of its fork server sees it."""

from __future__ import annotations

from .docker_engine import DockerEngine


class ContainerProcess:
    """Ends when its control socket is closed, and the container with it.

    Args:
        engine: Where the container runs.
        name: Its name.
    """

    def __init__(self, engine: DockerEngine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._ended = False

    @property
    def pid(self) -> int:
        """Its number inside the container."""
        return 1

    def is_alive(self) -> bool:
        """Whether it was not ended; that it died is told by its control socket."""
        return not self._ended

    async def end(self) -> None:
        """Removes the container; returns when it is gone."""
        self._ended = True
        await self._engine.remove(self._name)
