"""ipykernels in containers: one session per container, forked from the warm server inside."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from ..forking.forked_child import ForkedChild
from ..jupyter.launcher import KernelOptions, KernelProcess
from ..jupyter.ready_signal import ReadySignal
from ..kernel_error import KernelStartError
from ..workspace import Workspace
from .container_settings import WORKSPACE, ContainerSettings
from .slot import Slot
from .slot_pool import SlotPool


class SessionProcess:
    """The process of a session, which remembers whether it had to be ended before its time."""

    def __init__(self, child: ForkedChild, slot: Slot) -> None:
        self._child = child
        self._slot = slot
        self._memory_kills = slot.memory_kills()
        self.is_sound = True
        """Whether it has to die only because its session is over: it is told once, and still alive."""
        self._told = False

    @property
    def pid(self) -> int:
        """Its number inside the container."""
        return self._child.pid

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child.is_alive()

    async def exited(self) -> None:
        """Returns as soon as it is dead."""
        await self._child.exited()

    async def wait(self, timeout: float) -> int | None:
        """Waits until it is gone."""
        return await self._child.wait(timeout)

    def signal_group(self, number: int) -> None:
        """Signals it and its process group."""
        self._child.signal_group(number)

    def kill(self) -> None:
        """Kills it and what it started."""
        self.is_sound = self._child.is_alive() and not self._told
        self._told = True
        self._child.kill()

    def why_lost(self) -> str:
        """Whether it was memory."""
        killed = self._child.returncode in (None, -signal.SIGKILL)
        if not killed or self._slot.memory_kills() == self._memory_kills:
            return ""
        return f"it ran out of memory; {self._slot.memory >> 20} MB are allowed"


class DockerLauncher:
    """Starts ipykernels in the containers of a pool, which it owns.

    Args:
        slots: The containers.
        settings: What they are made of.
    """

    def __init__(self, slots: SlotPool, settings: ContainerSettings) -> None:
        self._slots = slots
        self._settings = settings
        self._leases: dict[Path, Slot] = {}
        self._processes: dict[Path, SessionProcess] = {}

    can_preload = True

    async def make_folder(self) -> Path:
        """Makes the folder of a session in a container that nobody uses."""
        slot = await self._slots.acquire()
        try:
            folder = slot.make_folder()
        except OSError as error:
            self._slots.release(slot, sound=False)
            raise KernelStartError(f"no folder can be made for a container: {error}") from error
        self._leases[folder] = slot
        return folder

    async def launch(self, options: KernelOptions, timeout: float) -> KernelProcess:
        """Forks a kernel and waits until it listens."""
        folder = options.folder
        slot = self._leases[folder]
        argument = {
            "connection_file": _translate(options, slot),
            "output_limit": options.output_limit,
            "seed": options.seed,
            "ready_fd": 3,
        }
        ready = ReadySignal()
        try:
            child = await slot.server.fork(
                ".slot_session:run_kernel", argument, fds=[ready.child_fd], cwd=WORKSPACE, timeout=timeout
            )
            process = self._processes[folder] = SessionProcess(child, slot)
            await ready.wait(process, timeout)
        finally:
            ready.close()
        # Its sockets are made; no code of the session writes to the disk of this machine.
        folder.chmod(0o555)
        return process

    def address(self, options: KernelOptions) -> str:
        """In the kernel's folder."""
        return f"{options.folder}/s"

    def open_workspace(self, options: KernelOptions) -> Workspace:
        """The memory that is the session's working directory."""
        return Workspace(self._leases[options.folder].workspace, self._settings.user)

    async def remove_folder(self, folder: Path) -> None:
        """Gives the container back."""
        slot = self._leases.pop(folder, None)
        process = self._processes.pop(folder, None)
        if slot is not None:
            self._slots.release(slot, sound=process is not None and process.is_sound)

    async def close(self) -> None:
        """Removes all containers; idempotent."""
        await self._slots.close()


def _translate(options: KernelOptions, slot: Slot) -> str:
    """Rewrites the connection file for the inside, and returns its path there."""
    file = options.connection_file
    connection = json.loads(file.read_text())
    connection["ip"] = slot.seen_from_inside(Path(connection["ip"]))
    file.write_text(json.dumps(connection))
    file.chmod(0o444)
    return slot.seen_from_inside(file)
