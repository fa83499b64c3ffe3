"""Pools as Prometheus sees them: read from their own counts whenever somebody asks, never pushed.

Nothing is registered globally. `PoolMetrics` is a collector: register it where your metrics live, or serve
`text()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .duration_record import BOUNDS, Durations
from .pool_stats import PoolStats

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from .kernel_pool import KernelPool

_GAUGES = {
    "size": "The most kernels that may be alive",
    "alive": "Kernels starting, warm, acquired or closing",
    "warm": "Kernels that stand by",
    "starting": "Kernels that are being started",
    "acquired": "Kernels in a caller's hands",
    "waiting": "Callers that wait for a kernel",
}
_COUNTERS = {
    "acquires": "Kernels handed out",
    "adopted": "Forks of kernels taken in",
    "started": "Kernels started",
    "failures": "Starts that failed",
    "died_warm": "Warm kernels that died unused",
    "replaced": "Interpreters that died or would not stop in a caller's hands",
    "close_failures": "Kernels whose end failed",
    "saturated": "Callers that gave up waiting",
}
_HISTOGRAMS = {"waits": ("wait", "Waiting for a kernel"), "starts": ("start", "Starting a kernel")}


class PoolMetrics:
    """A Prometheus collector over named pools.

    Args:
        pools: The value of the label `pool` -> the pool.
        prefix: What the names of all metrics begin with.
    """

    def __init__(self, pools: Mapping[str, KernelPool], prefix: str = "replgym_kernels") -> None:
        self._pools = dict(pools)
        self._prefix = prefix

    def collect(self) -> Iterator[Metric]:
        """Reads all pools; called by the registry that this collector is registered with."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        stats = {name: pool.stats() for name, pool in self._pools.items()}
        for families, kind in ((_GAUGES, GaugeMetricFamily), (_COUNTERS, CounterMetricFamily)):
            for field, help_text in families.items():
                family: Any = kind(f"{self._prefix}_{field}", help_text, labels=["pool"])
                for name, snapshot in stats.items():
                    family.add_metric([name], getattr(snapshot, field))
                yield family
        for field, (name, help_text) in _HISTOGRAMS.items():
            histogram = HistogramMetricFamily(f"{self._prefix}_{name}_seconds", help_text, labels=["pool"])
            for pool, snapshot in stats.items():
                durations = _durations(snapshot, field)
                histogram.add_metric([pool], _buckets(durations), durations.total)
            yield histogram

    def text(self) -> str:
        """Everything in the text format that a Prometheus server scrapes."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry).decode()


def _durations(stats: PoolStats, field: str) -> Durations:
    return stats.waits if field == "waits" else stats.starts


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    names = [*map(str, BOUNDS), "+Inf"]
    return [(name, float(count)) for name, count in zip(names, durations.buckets, strict=True)]
