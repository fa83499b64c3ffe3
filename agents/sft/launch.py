"""How the processes of a supervised run start: torchrun, one process a GPU, on one node or on many."""

from __future__ import annotations

from dataclasses import dataclass

from ...envs.env_config import ConfigError
from ..run_settings.cluster import ClusterSettings

_TORCHRUN = "torch.distributed.run"
_TRAINER = ("-m", "verl.trainer.sft_trainer")


@dataclass(frozen=True, slots=True)
class Launch:
    """Which node this is, and where the nodes meet."""

    node_rank: int = 0
    rendezvous: str | None = None
    """`HOST:PORT` of node 0, where there are several."""

    def program(self, cluster: ClusterSettings) -> tuple[str, ...]:
        """Module and arguments that start verl's trainer in every process.

        Raises:
            ConfigError: If node or rendezvous do not fit the cluster.
        """
        if not 0 <= self.node_rank < cluster.nodes:
            raise ConfigError(
                f"--node-rank {self.node_rank}: the nodes are 0 to {cluster.nodes - 1} (cluster.nodes)"
            )
        processes = f"--nproc-per-node={cluster.gpus_per_node}"
        if cluster.nodes == 1:
            return _TORCHRUN, "--standalone", processes, *_TRAINER
        host, _, port = (self.rendezvous or "").rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError(
                f"--rendezvous {self.rendezvous!r}: a run on {cluster.nodes} nodes needs HOST:PORT of "
                "node 0, the same on every node"
            )
        nodes = f"--nnodes={cluster.nodes}", f"--node-rank={self.node_rank}"
        meeting = f"--master-addr={host}", f"--master-port={port}"
        return _TORCHRUN, *nodes, processes, *meeting, *_TRAINER
