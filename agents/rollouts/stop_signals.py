"""Ctrl-C and SIGTERM as a wish to stop: the first one ends a run in good order, the second one at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RunStoppedError(RuntimeError):
    """A signal stopped the run; what had ended is recorded."""

    def __init__(self, received: signal.Signals) -> None:
        super().__init__(f"stopped by {received.name}")
        self.exit_code = 128 + received
        """What a shell expects of a process that a signal stopped."""


class StopSignals:
    """Listens in the task that enters it, until it leaves; that task must be in the main thread."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        """Takes what to do besides at the first signal, such as telling the user."""
        self.requested = asyncio.Event()
        self._on_first = on_first
        self._received: signal.Signals | None = None
        self._task: asyncio.Task[Any] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        for each in _SIGNALS:
            self._before[each] = signal.getsignal(each)
            loop.add_signal_handler(each, self._receive, each)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for each, handler in self._before.items():
            loop.remove_signal_handler(each)
            with contextlib.suppress(TypeError):  # a handler that Python did not set cannot be set again
                signal.signal(each, handler)
        if self._received is not None and (error is None or isinstance(error, asyncio.CancelledError)):
            raise RunStoppedError(self._received) from None

    def _receive(self, received: signal.Signals) -> None:
        if self._received is None:
            self._received = received
            self.requested.set()
            self._on_first()
        elif self._task is not None:
            self._task.cancel()
