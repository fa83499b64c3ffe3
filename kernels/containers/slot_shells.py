"""Shells in containers: one session per container, kept by the same kind of keeper as on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from signal import SIGKILL

from ..forking.confined_fork import ConfinedFork
from ..inside.sandbox import Places
from ..isolation.confined_server import ConfinedKernel
from ..workspace import Workspace
from .container_settings import WORKSPACE
from .slot import Slot
from .slot_pool import SlotPool

# All of it is memory of the container.
_PLACES = Places(WORKSPACE, "/tmp", "/dev/shm/run")


@dataclass(frozen=True, slots=True)
class SlotKernel(ConfinedKernel):
    """The process of one kernel, and the container that it has for itself."""

    slot: Slot
    slots: SlotPool

    def open_workspace(self) -> Workspace:
        """The working directory, for the caller to close; to be called once."""
        return Workspace(self.child.take_workspace(), self.child.owner)

    async def remove(self) -> None:
        """Gives the container back; idempotent, to be called when the keeper is dead."""
        self.child.close()
        # A keeper that was not killed ended because its kernel did.
        self.slots.release(self.slot, sound=self.keeper.returncode == -SIGKILL)


class SlotShells:
    """Forks shells in the containers of a pool, whose servers confine what they fork."""

    def __init__(self, slots: SlotPool) -> None:
        self._slots = slots

    async def fork(self, wanted: ConfinedFork) -> ConfinedKernel:
        """Forks a kernel in a container that nobody uses; see `ConfinedServer.fork`."""
        slot = await self._slots.acquire()
        try:
            slot.sessions += 1
            child = await slot.server.fork_confined(wanted, _PLACES)
        except BaseException:
            self._slots.release(slot, sound=False)
            raise
        return SlotKernel(child, slot.folder, _PLACES, slot, self._slots)
