"""The seam between whoever runs code in an episode and whoever has interpreters for it."""

from __future__ import annotations

from typing import Protocol

from ..kernels.kernel import Kernel


class InterpreterLender(Protocol):
    """Lends at most one interpreter at a time."""

    async def take(self) -> Kernel:
        """The interpreter; a fresh one if none is lent, for which the call may have to wait.

        Raises:
            KernelError: If there is none to be had.
        """
        ...

    async def put_back(self) -> None:
        """Ends the interpreter with all that it started; idempotent."""
        ...
