"""The seam between whoever needs kernels and whoever has them: a local pool, or a cluster's."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from .kernel import Kernel


class KernelSource(Protocol):
    """Lends kernels."""

    def acquire(self, timeout: float = 60.0) -> AbstractAsyncContextManager[Kernel]:
        """Lends a fresh kernel and closes it at the end of the block; see `KernelPool.acquire`."""
        ...

    def adopt(self, kernel: Kernel) -> AbstractAsyncContextManager[Kernel]:
        """Counts a fork of a lent kernel and closes it at the end of the block; see `KernelPool.adopt`."""
        ...
