"""A Ray cluster of two nodes on this machine.

Ray gives each node thirty seconds to start, whatever else the machine does; such a start is made again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil

_STARTS = 3


@contextmanager
def two_nodes(**second: Any) -> Iterator[Any]:
    """The cluster, connected.

    Args:
        **second: Options of the second node.
    """
    import ray

    cluster = _started(second)
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def _started(second: Mapping[str, Any]) -> Any:
    from ray.cluster_utils import Cluster

    for left in reversed(range(_STARTS)):
        before = set(psutil.Process().children(recursive=True))
        try:
            cluster = Cluster(
                initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
            )
            cluster.add_node(num_cpus=1, **second)
            return cluster
        except Exception as error:
            _end(set(psutil.Process().children(recursive=True)) - before)
            if not left or "timed out during startup" not in str(error):
                raise
    raise AssertionError("unreachable")


def _end(processes: set[psutil.Process]) -> None:
    """Ends what a start that failed has left."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
