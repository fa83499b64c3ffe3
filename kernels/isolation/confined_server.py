"""A fork server whose kernels are confined as far as the options say, for every local back end.

The server is started on first use, and again when it has died. The level is chosen before: a back end that
asks for what the machine does not give has no server at all.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature
from ..forking.confined_child import ConfinedChild
from ..forking.confined_fork import ConfinedFork
from ..forking.fork_server import ForkServer
from ..forking.forked_child import ForkedChild
from ..forking.lasting_server import LastingServer
from ..inside.confinement import Confinement
from ..inside.control_groups import sweep
from ..inside.sandbox import Places
from ..workspace import Workspace
from .ladder import this_machine
from .rung import Rung


@dataclass(frozen=True, slots=True)
class ConfinedKernel:
    """The process of one kernel with its folders."""

    child: ConfinedChild
    folder: Path | None
    """On the host; for the caller to remove with `remove`."""
    places: Places
    """As the kernel sees them."""

    @property
    def keeper(self) -> ForkedChild:
        """The process to watch, signal and kill."""
        return self.child.keeper

    def open_workspace(self) -> Workspace:
        """The working directory, for the caller to close; to be called once."""
        return Workspace(self.child.take_workspace(), self.child.owner)

    async def remove(self) -> None:
        """Lets go of the folders; idempotent, to be called when the keeper is dead."""
        self.child.close()
        if self.folder is not None:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


class ConfinedServer:
    """Owns one fork server.

    Args:
        options: The isolation, the limits, what to import ahead and what may be read.
        warm_up: A target that is called once before the first fork; see `ForkServer.start`.
    """

    def __init__(self, options: BackendOptions, warm_up: str) -> None:
        self._options = options
        self._warm_up = warm_up
        self._server = LastingServer(self._start)
        self._orders: Confinement | None = None

    async def rung(self) -> Rung:
        """How its kernels are confined.

        Raises:
            IsolationError: If the isolation that was asked for cannot be had here.
        """
        return await this_machine().choose(self._options.isolation)

    async def capabilities(self, backend: str, features: frozenset[Feature]) -> Capabilities:
        """What a back end promises whose kernels come from here."""
        return (await self.rung()).capabilities(backend, features)

    async def server(self) -> ForkServer:
        """The running server."""
        await self.rung()
        return await self._server.running()

    async def make_folder(self) -> Path:
        """A folder for one kernel inside the server's, which the server removes if we cannot."""
        folder = Path(tempfile.mkdtemp(prefix="k", dir=(await self.server()).folder))
        assert self._orders is not None
        if self._orders.uids is not None:
            folder.chmod(0o711)
        return folder

    async def fork(self, wanted: ConfinedFork, folder: Path | None = None) -> ConfinedKernel:
        """Forks a confined kernel.

        Args:
            wanted: The process.
            folder: One made by `make_folder`; without, a new one where the kernel needs it.

        Raises:
            ForkServerError: If the server cannot.
        """
        server = await self.server()
        assert self._orders is not None
        own = folder
        if own is None and not self._orders.own_namespaces:
            own = await self.make_folder()
        places = Places.of(self._orders, str(own))
        try:
            child = await server.fork_confined(wanted, places)
        except BaseException:
            if folder is None and own is not None:
                await asyncio.to_thread(shutil.rmtree, own, ignore_errors=True)
            raise
        return ConfinedKernel(child, own, places)

    async def close(self) -> None:
        """Ends the server and everything it forked; idempotent."""
        await self._server.close()
        if self._orders is not None and self._orders.control_groups:
            await asyncio.to_thread(sweep)  # for a server that was killed

    async def _start(self) -> ForkServer:
        self._orders = (await self.rung()).orders(self._options)
        return await ForkServer.start(self._options.preload, warm_up=self._warm_up, confinement=self._orders)
