"""An event loop in a thread of its own, for synchronous callers of asynchronous code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
_JOIN_SECONDS = 5.0


class _LastLoop(asyncio.SelectorEventLoop):
    """Does blocking work in place once the process ends, when no more threads can be started."""

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        try:
            return super().run_in_executor(executor, func, *args)
        except RuntimeError:
            future: asyncio.Future[Result] = self.create_future()
            future.set_result(func(*args))
            return future


class LoopThread:
    """Runs coroutines for a caller that waits; the thread never keeps the process alive."""

    def __init__(self) -> None:
        """Starts the thread."""
        self._loop = _LastLoop()
        self._thread = threading.Thread(target=self._run, name="replgym-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Waits for the result; an interrupt of the caller cancels the work.

        Raises:
            RuntimeError: If the loop is closed.
        """
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the environment is closed; make a new one")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs the last work and closes; in the background when the loop's own thread collects garbage."""
        if threading.current_thread() is self._thread:
            threading.Thread(target=self.finish, args=(work,), daemon=True).start()
            return
        try:
            self.run(work)
        finally:
            self.close()

    def close(self) -> None:
        """Ends loop and thread; idempotent."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._finish())
        finally:
            self._loop.close()

    async def _finish(self) -> None:
        """Lets cancelled work clean up before the loop goes."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), _JOIN_SECONDS)
        await self._loop.shutdown_asyncgens()
