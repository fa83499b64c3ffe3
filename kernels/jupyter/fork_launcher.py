"""The fork server behind real ipykernels for other people's programs; what confines kernels is elsewhere."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from ..forking.fork_server import ForkServer
from ..kernel_error import KernelClosedError


class ForkLauncher:
    """Owns one fork server, starts it on first use and again when it has died."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def server(self) -> ForkServer:
        """The running server."""
        async with self._lock:
            if self._closed:
                raise KernelClosedError("the launcher was closed")
            if self._server is None or not self._server.is_alive():
                if self._server is not None:
                    await self._server.close()
                self._server = await ForkServer.start(warm_up=".kernel_process:warm")
            return self._server

    async def make_folder(self) -> Path:
        """Makes a folder inside the server's, which the server removes if we cannot."""
        server = await self.server()
        return Path(tempfile.mkdtemp(prefix="k", dir=server.folder))

    async def close(self) -> None:
        """Ends the server and its children; idempotent."""
        async with self._lock:
            self._closed = True
            if self._server is not None:
                await self._server.close()
