"""Forked kernels for everybody else's Jupyter code: `KernelManager`, `AsyncKernelManager`, nbclient.

Name it in a kernel spec, `"metadata": {"kernel_provisioner": {"provisioner_name": "replgym-fork"}}`, and the
kernels of that spec are forked from a warm process of this interpreter and speak over Unix sockets in a
private folder. They are not confined: whoever runs a notebook wants it to see the user's files. The kernels
that run in one event loop share one fork server, which ends with the last of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from ..forking.fork_server import ForkServer
from ..forking.forked_child import ForkedChild
from ..forking.lasting_server import LastingServer
from ..kernel_error import KernelStartError

_START_SECONDS = 30.0
_NO_CAP = 1 << 40


class _SharedServer:
    """The fork server of one event loop, and how many kernels need it."""

    def __init__(self) -> None:
        self.server = LastingServer(partial(ForkServer.start, warm_up=".kernel_process:warm"))
        self.users = 0


class ForkProvisioner(KernelProvisionerBase):
    """Starts a kernel by forking."""

    # Provisioners are made one per kernel by jupyter_client, with nothing of ours to hold what they share.
    _shared: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, _SharedServer]] = WeakKeyDictionary()

    _child: ForkedChild | None = None
    _mine: _SharedServer | None = None
    _ended = 0
    _connection_file = ""

    @property
    def has_process(self) -> bool:
        """Whether there is a process to look after."""
        return self._child is not None

    async def poll(self) -> int | None:
        """None while the kernel runs, else its exit code."""
        if self._child is None:
            return self._ended
        return None if self._child.is_alive() else self._child.returncode or 0

    async def wait(self) -> int | None:
        """Waits for the end of the kernel."""
        if self._child is not None:
            self._ended = await self._child.wait(_START_SECONDS) or 0
            self._child = None
        return self._ended

    async def send_signal(self, signum: int) -> None:
        """Signals the kernel and its process group."""
        if self._child is not None:
            self._child.signal_group(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kills the kernel and what it started."""
        if self._child is not None:
            self._child.kill()

    async def terminate(self, restart: bool = False) -> None:
        """The same as `kill`: a forked kernel has nothing to put in order."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Moves the connection into a private folder and writes the connection file."""
        manager: Any = self.parent
        if self._mine is None:
            self._mine = self._shared.setdefault(asyncio.get_running_loop(), _SharedServer())
            self._mine.users += 1
            server = await self._mine.server.running()
            folder = Path(tempfile.mkdtemp(prefix="k", dir=server.folder))  # the server removes it
            manager.transport = "ipc"
            manager.ip = str(folder / "s")
        manager.write_connection_file()
        self._connection_file = manager.connection_file
        self.connection_info = manager.get_connection_info()
        command = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        return await super().pre_launch(cmd=command, **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Forks the kernel.

        Raises:
            KernelStartError: If the kernel spec names another interpreter, or the fork fails.
        """
        if os.path.abspath(cmd[0]) != os.path.abspath(sys.executable):
            raise KernelStartError(f"the kernel spec runs {cmd[0]}; only {sys.executable} can be forked")
        assert self._mine is not None
        server = await self._mine.server.running()
        self._child = await server.fork(
            ".kernel_process:run",
            {"connection_file": os.path.abspath(self._connection_file), "output_limit": _NO_CAP},
            cwd=kwargs.get("cwd") or os.getcwd(),
            env=kwargs.get("env"),
            timeout=_START_SECONDS,
        )
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Ends the shared server when this was the last kernel."""
        if restart or self._mine is None:
            return
        mine, self._mine = self._mine, None
        mine.users -= 1
        if mine.users == 0:
            self._shared.pop(asyncio.get_running_loop(), None)
            await mine.server.close()
