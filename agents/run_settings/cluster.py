"""Section `cluster`: the machines that train."""

from __future__ import annotations

from pydantic import Field, field_validator

from .section import Section


class ClusterSettings(Section):
    """Nodes, their accelerators, and the Ray cluster that joins them."""

    nodes: int = Field(default=1, ge=1)
    """Machines."""
    gpus_per_node: int = Field(default=1, ge=1)
    """Accelerators used on each; on CPU the processes that train."""
    ray_address: str | None = None
    """Address of a Ray cluster that runs already, or `auto`; None starts one here, for a single machine."""
    rollout_nodes: int = Field(default=0, ge=0)
    """Further machines that only generate, for `rollout.schedule: separate_async`."""

    @field_validator("ray_address")
    @classmethod
    def _joins(cls, address: str | None) -> str | None:
        if address == "local":
            raise ValueError("leave it out to have Ray started here")
        return address

    @property
    def machines(self) -> int:
        """All that take part: those that train and those that only generate."""
        return self.nodes + self.rollout_nodes

    @property
    def joined_ray(self) -> str | None:
        """Address of the Ray cluster that the run takes part in; None where it starts one of its own."""
        return self.ray_address or ("auto" if self.machines > 1 else None)

    @property
    def gpus(self) -> int:
        """Accelerators in all."""
        return self.nodes * self.gpus_per_node
