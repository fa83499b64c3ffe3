"""The seam behind which a whole way of running interpreters lies."""

from __future__ import annotations

from typing import Protocol

from .capabilities import Capabilities
from .kernel import Kernel


class KernelBackend(Protocol):
    """Starts kernels and owns what they share."""

    async def capabilities(self) -> Capabilities:
        """What its kernels promise on this machine; starts what must be started to know.

        Raises:
            KernelStartError: If the back end cannot work here; the message says what to do.
        """
        ...

    async def start_kernel(self) -> Kernel:
        """Starts one kernel."""
        ...

    async def close(self) -> None:
        """Ends what the kernels share; idempotent."""
        ...
