"""Several sinks as one that never raises: training does not end because somebody cannot take its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .alert import Alert
from .metric_sink import MetricSink
from .step_record import StepRecord


class SinkGroup:
    """Hands everything to every sink; one that raises is reported once and left out from then on."""

    name = "all sinks"

    def __init__(self, sinks: Sequence[MetricSink], report: Callable[[str], None]) -> None:
        """Wraps sinks.

        Args:
            sinks: Who takes the metrics.
            report: Told of a sink that failed, in one line.
        """
        self._sinks = list(sinks)
        self._report = report

    def step(self, record: StepRecord) -> None:
        """Hands on a step."""
        self._each(lambda sink: sink.step(record))

    def alert(self, alert: Alert) -> None:
        """Hands on an alert."""
        self._each(lambda sink: sink.alert(alert))

    def close(self) -> None:
        """Closes all; idempotent."""
        self._each(lambda sink: sink.close())
        self._sinks.clear()

    def _each(self, act: Callable[[MetricSink], None]) -> None:
        for sink in tuple(self._sinks):
            try:
                act(sink)
            except Exception as error:  # noqa: BLE001 - the boundary of sinks: whatever they raise ends them only
                self._sinks.remove(sink)
                told = " ".join(str(error).split()) or type(error).__name__
                self._report(f"{sink.name} takes no more metrics: {told}")
