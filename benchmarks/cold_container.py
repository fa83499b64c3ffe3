"""The other peer: `docker run` for every episode, with a cold ipykernel inside, as simple sandboxes do it.

The limits are those of the project's own containers, and so is the client; what differs is that nothing is
warm.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contenders import Contender, KernelSession, Session

from replgym.kernels import BackendOptions, Capabilities, IsolationLevel, SupervisedKernel
from replgym.kernels.jupyter.jupyter_interpreter import JupyterInterpreter
from replgym.kernels.jupyter.launcher import KernelOptions, KernelProcess
from replgym.kernels.workspace import Workspace

NAME = "docker run + cold kernel"
_SOCKETS = ("s-1", "s-2", "s-3")
_FLAGS: Mapping[str, Any] = {
    "network_mode": "none",
    "mem_limit": "2g",
    "pids_limit": 64,
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "mode=1777", "/workspace": "mode=1777"},
    "environment": {"HOME": "/tmp", "IPYTHONDIR": "/tmp/ipython"},
    "working_dir": "/workspace",
    "auto_remove": True,
    "detach": True,
}


class ContainerProcess:
    """A container as the process of a kernel."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._gone = asyncio.Event()
        self.pid = 0

    def is_alive(self) -> bool:
        """Whether it was not killed yet."""
        return not self._gone.is_set()

    async def exited(self) -> None:
        """Returns when it was killed."""
        await self._gone.wait()

    async def wait(self, timeout: float) -> int | None:
        """Removes the container."""
        with contextlib.suppress(Exception):
            await asyncio.to_thread(self._container.remove, force=True)
        return None

    def why_lost(self) -> str:
        """Nothing is known."""
        return ""

    def signal_group(self, number: int) -> None:
        """Not needed here."""

    def kill(self) -> None:
        """Marks it; `wait` removes it."""
        self._gone.set()


class ColdContainerLauncher:
    """Starts a container for every kernel."""

    can_preload = False

    def __init__(self, image: str) -> None:
        import docker

        self._image = image
        self._client = docker.from_env()

    async def make_folder(self) -> Path:
        """Makes the folder that host and container share."""
        folder = Path(tempfile.mkdtemp(prefix="cold-"))
        folder.chmod(0o777)
        return folder

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Runs a container."""
        command = ["python3", "-m", "ipykernel_launcher", "-f", str(options.connection_file)]
        volumes = {str(options.folder): {"bind": str(options.folder), "mode": "rw"}}
        run = self._client.containers.run
        container = await asyncio.to_thread(run, self._image, command, volumes=volumes, **_FLAGS)
        async with asyncio.timeout(timeout):
            while not all(_listens(options.folder / name) for name in _SOCKETS):
                await asyncio.sleep(0.005)
        return ContainerProcess(container)

    def address(self, options: KernelOptions) -> str:
        """The same path on both sides."""
        return str(options.folder / "s")

    def open_workspace(self, options: KernelOptions) -> Workspace:
        """A folder of the host, since nothing is read from the one in the container."""
        return Workspace(options.folder)

    async def remove_folder(self, folder: Path) -> None:
        """Removes it."""
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def close(self) -> None:
        """Closes the client."""
        self._client.close()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def contender() -> Contender:
    """The peer, on the image of the project."""
    launcher = ColdContainerLauncher(BackendOptions().docker.image)
    promises = Capabilities(NAME, IsolationLevel.CONTAINER)

    async def interpreter() -> JupyterInterpreter:
        return await JupyterInterpreter.start(launcher)

    async def start() -> Session:
        return KernelSession(await SupervisedKernel(interpreter, promises).start())

    return Contender(NAME, start, launcher.close)
