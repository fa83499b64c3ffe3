"""A sink in a thread of its own, for one that may wait for a network: nobody waits for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from .alert import Alert
from .metric_sink import MetricSink
from .step_record import StepRecord

_WAITING = 1000


class SinkTooSlowError(RuntimeError):
    """A sink did not keep up."""


class BackgroundSink:
    """Makes and uses a sink in a thread; what that raises is raised here, by the next call."""

    def __init__(self, name: str, make: Callable[[], MetricSink], *, patience: float = 30.0) -> None:
        """Starts the thread.

        Args:
            name: What people call the sink.
            make: Makes the sink; called in the thread.
            patience: Seconds that `close` waits.
        """
        self.name = name
        self._make = make
        self._patience = patience
        self._work: queue.Queue[StepRecord | Alert | None] = queue.Queue(_WAITING)
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"metrics to {name}", daemon=True)
        self._thread.start()

    def step(self, record: StepRecord) -> None:
        """Queues a step.

        Raises:
            SinkTooSlowError: If too much is waiting already.
        """
        self._put(record)

    def alert(self, alert: Alert) -> None:
        """Queues an alert.

        Raises:
            SinkTooSlowError: If too much is waiting already.
        """
        self._put(alert)

    def close(self) -> None:
        """Waits until everything was taken.

        Raises:
            SinkTooSlowError: If that lasts too long.
        """
        self._put(None)
        self._thread.join(self._patience)
        self._raise()
        if self._thread.is_alive():
            raise SinkTooSlowError(f"it did not finish within {self._patience:g} s")

    def _put(self, item: StepRecord | Alert | None) -> None:
        self._raise()
        try:
            self._work.put_nowait(item)
        except queue.Full:
            raise SinkTooSlowError(f"{_WAITING} steps wait for it already") from None

    def _raise(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            sink = self._make()
            while (item := self._work.get()) is not None:
                if isinstance(item, Alert):
                    sink.alert(item)
                else:
                    sink.step(item)
            sink.close()
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: the next call raises it again
            self._fault = error
