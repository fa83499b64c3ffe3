"""Whether the Ray cluster that a run joins has the nodes and GPUs that it asks for.

Ray is asked in a process of its own, since a process can be in one cluster only, and the trainer comes later.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

from ...verl_runs.readiness.finding import Finding
from ..train_config import TrainConfig

_SECONDS = 60.0
_CONNECT_SECONDS = 5.0
_PROGRAM = """
import json, logging, sys
import ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level=logging.ERROR)
nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
print(json.dumps([node.get("GPU", 0) for node in nodes]))
"""
_CHECK = "Ray cluster"


def check_ray_nodes(config: TrainConfig) -> Iterator[Finding]:
    """Nothing to check for a run that starts its own Ray on one machine."""
    cluster = config.cluster
    address = cluster.joined_ray
    if address is None:
        return
    need = f"{cluster.machines} nodes with {cluster.gpus_per_node} GPUs each"
    try:
        nodes = _gpus_of_nodes(address)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        start = "ray start --head here, ray start --address=HEAD:6379 on the others"
        told = f"{address} does not answer: {_last_line(error)}"
        yield Finding.error(_CHECK, told, need, f"{start}; see cluster.ray_address")
        return
    fitting = [gpus for gpus in nodes if gpus >= cluster.gpus_per_node]
    value = f"{address}: {len(nodes)} nodes with {', '.join(f'{gpus:g}' for gpus in nodes)} GPUs"
    if len(fitting) < cluster.machines:
        fix = "ray start on the others, with --num-gpus where Ray sees none; or lower cluster.nodes"
        yield Finding.error(_CHECK, value, need, fix)
    else:
        yield Finding.ok(_CHECK, value, need)


def _gpus_of_nodes(address: str) -> list[float]:
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "/" not in host:  # Ray itself tries an address for a minute
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM, address],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    return [float(gpus) for gpus in json.loads(told.stdout.splitlines()[-1])]


def _last_line(error: Exception) -> str:
    output = getattr(error, "stderr", None)
    text = output if isinstance(output, str) and output.strip() else str(error)
    return text.strip().splitlines()[-1][:200]
