"""What one fork server does to the kernels that it forks: the orders of the host, checked by nobody else."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

NAMESPACES, RESTRICTED, LIMITS = "namespaces", "restricted", "limits"


@dataclass(frozen=True, slots=True)
class Confinement:
    """How far kernels are kept from everything else, and what they may use."""

    level: str
    """`namespaces`, `restricted` or `limits`."""
    memory: int
    processes: int
    file_size: int
    open_files: int
    workspace: int
    readable: tuple[str, ...] = ()
    """Files and folders that kernels may read, beyond Python and the system's libraries."""
    uids: tuple[int, int] | None = None
    """The first of the uids that kernels get, one after the other, and their number; None keeps the uid."""
    keep_reading: bool = False
    """Whether kernels read whatever the confinement shows them, despite a uid of their own."""
    landlock: bool = True
    seccomp: bool = True
    control_groups: bool = False
    user_namespace: bool = False
    """Whether the server needs a user namespace, because it has no right to make others without."""

    container: bool = False
    """Whether the server lives in a container, with a network, IPC and shared memory of its own."""

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Confinement:
        """Builds it from what JSON can carry."""
        known = {field.name for field in fields(cls)}
        assert set(values) <= known, f"unknown orders: {sorted(set(values) - known)}"
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**made)

    @property
    def own_namespaces(self) -> bool:
        """Whether each kernel lives in namespaces of its own."""
        return self.level == NAMESPACES
