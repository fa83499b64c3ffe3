"""A deadline whose clock runs only while something is done under it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TimeBudget:
    """Seconds that several stages of one piece of work share."""

    def __init__(self, seconds: float) -> None:
        """Starts full."""
        self.left = seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Spends the time of the block.

        Raises:
            TimeoutError: When nothing is left.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.left):
                yield
        finally:
            self.left = max(0.0, self.left - (time.monotonic() - started))
