"""A descriptor on which a starting process says that it is ready, so that nobody has to keep asking."""

from __future__ import annotations

import asyncio
import socket

from ..kernel_error import KernelStartError
from .launcher import KernelProcess


class ReadySignal:
    """One socket pair: the child writes a byte, or its end closes because it died."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)

    @property
    def child_fd(self) -> int:
        """The end to pass to the child."""
        return self._theirs.fileno()

    async def wait(self, process: KernelProcess, timeout: float) -> None:
        """Waits for the byte.

        Raises:
            KernelStartError: If the process dies or says nothing in time; it is killed then.
        """
        self._theirs.close()
        try:
            async with asyncio.timeout(timeout):
                said = await asyncio.get_running_loop().sock_recv(self._ours, 1)
            if not said:
                process.kill()
                raise KernelStartError("the kernel's process ended before it was ready")
        except (TimeoutError, asyncio.CancelledError, OSError) as error:
            process.kill()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise KernelStartError(f"the kernel was not ready within {timeout:g} s") from error
        finally:
            self.close()

    def close(self) -> None:
        """Closes both ends; idempotent."""
        self._theirs.close()
        self._ours.close()
