"""What the service counts, for a Prometheus server that asks. Nothing is registered globally."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_PREFIX = "replgym_judge"


class ServiceMetrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            f"{_PREFIX}_requests",
            "Requests by route and status code",
            ["route", "code"],
            registry=self._registry,
        )
        self.programs = Counter(
            f"{_PREFIX}_programs",
            "Programs by language and how they ended",
            ["language", "end"],
            registry=self._registry,
        )
        self.refused = Counter(
            f"{_PREFIX}_refused",
            "Programs that were turned away, by reason",
            ["reason"],
            registry=self._registry,
        )
        self.queue_seconds = Histogram(
            f"{_PREFIX}_queue_seconds",
            "Waiting for a place",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.run_seconds = Histogram(
            f"{_PREFIX}_run_seconds",
            "Having a place",
            buckets=_SECONDS,
            registry=self._registry,
        )

    def show(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Adds a value that is read whenever somebody asks."""
        Gauge(f"{_PREFIX}_{name}", text, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        """Everything in the text format that a Prometheus server scrapes."""
        return generate_latest(self._registry)
