"""The interpreters and the judge that the samples of a run share.

inspect begins and ends sandboxes by class methods, so a workshop is found by its settings. It lives from the
first `open` to the last `close`, inside one event loop.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from ....kernels.kernel_pool import KernelPool
from ....rewards.judge import Judge
from ....tools.tool_mode import ToolMode
from .interpreter_settings import InterpreterSettings


class Workshop:
    """What samples with the same settings share; nothing starts before it is needed."""

    _open: ClassVar[dict[tuple[InterpreterSettings, int], Workshop]] = {}

    def __init__(self, settings: InterpreterSettings) -> None:
        """Makes pool and judge."""
        self.settings = settings
        self.config = settings.env_config()
        self.slots = asyncio.Semaphore(settings.kernels)
        """Held by an episode from its first message to its last."""
        roomy = self.config.model_copy(update={"mode": ToolMode.DEBUGGER, "tools": None})
        self.pool: KernelPool = roomy.make_pool(size=settings.kernels, warm=1)
        self.judge: Judge = self.config.make_judge()
        self._users = 0

    @classmethod
    def open(cls, settings: InterpreterSettings) -> Workshop:
        """Makes it, or counts one more user."""
        key = _key(settings)
        workshop = cls._open[key] if key in cls._open else cls._open.setdefault(key, cls(settings))
        workshop._users += 1
        return workshop

    @classmethod
    def find(cls, settings: InterpreterSettings) -> Workshop:
        """The open one.

        Raises:
            RuntimeError: If no task has opened it.
        """
        try:
            return cls._open[_key(settings)]
        except KeyError:
            raise RuntimeError("no task has begun with these settings; call task_init first") from None

    async def close(self) -> None:
        """Ends interpreters and judge with the last user."""
        self._users -= 1
        if self._users == 0:
            del self._open[_key(self.settings)]
            try:
                await self.pool.close()
            finally:
                await self.judge.close()


def _key(settings: InterpreterSettings) -> tuple[InterpreterSettings, int]:
    return settings, id(asyncio.get_running_loop())
