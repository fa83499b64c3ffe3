"""A kernel and its live copies: processes of one keeper, each of which may end before the others.

The host knows every member by the identity that the operating system attests, and holds a descriptor of it,
so a signal never hits a stranger. What a member started stays below it while it lives; what it leaves behind
falls to the keeper, and is swept away there. The last member takes the keeper along.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

from ..inside.keeper import children_of
from ..isolation.confined_server import ConfinedKernel
from ..kernel_error import KernelStartError
from ..workspace import Workspace
from .family_member import FamilyMember

_CLOSE_SECONDS = 5.0
_SWEEP_SECONDS = 2.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Family:
    """The members below one keeper.

    Args:
        kernel: The first one, with its keeper and its folders.
    """

    def __init__(self, kernel: ConfinedKernel) -> None:
        self.parting = asyncio.Lock()
        """Held while a member is made, and while leftovers are swept away."""
        self._kernel = kernel
        self._keeper = kernel.keeper.host_pid
        self._first = kernel.keeper.kernel_pid
        self._members: set[FamilyMember] = set()
        self._pinned = False
        self._ended = False

    def join(self, pid: int | None) -> FamilyMember:
        """Takes in the first process, or one below the keeper.

        Args:
            pid: Its number, as the operating system attests it.

        Raises:
            KernelStartError: If it is gone already, or lives elsewhere.
        """
        try:
            member = FamilyMember(pid or -1)
        except (OSError, ValueError) as error:
            raise KernelStartError("the interpreter died while it started") from error
        if pid != self._first and member.parent() != self._keeper:
            member.close()
            raise KernelStartError("a process that is not the interpreter's spoke for it")
        self._members.add(member)
        return member

    def forget(self, member: FamilyMember) -> None:
        """Lets go of a member that never came to be; the next sweep ends it."""
        self._members.discard(member)
        member.close()

    def pin(self) -> None:
        """Has the keeper outlive the first member."""
        if not self._pinned:
            self._pinned = True
            self._kernel.keeper.pin()

    def open_workspace(self, path: list[str]) -> Workspace:
        """The working directory of a copy.

        Args:
            path: The names that lead to its folder.

        Raises:
            KernelStartError: If there is none.
        """
        with contextlib.ExitStack() as opened:
            here = self._kernel.child.run
            try:
                for name in (*path, "work"):
                    here = os.open(name, _FOLDER, dir_fd=here)
                    opened.callback(os.close, here)
            except OSError as error:
                raise KernelStartError(f"the copy has no working directory: {error.strerror}") from error
            return Workspace(os.dup(here), self._kernel.child.owner)

    def open_first_workspace(self) -> Workspace:
        """The working directory of the first member."""
        return self._kernel.open_workspace()

    async def leave(self, member: FamilyMember | None, path: list[str]) -> None:
        """Ends a member with everything that it started, and the keeper with the last; idempotent.

        Args:
            member: Who leaves; None if the first one never joined.
            path: The names that lead to its folder, empty for the first member.
        """
        if member is not None:
            self._members.discard(member)
            if self._members:  # what it started falls to the keeper at the moment of its death
                member.kill()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await member.exited()
            member.close()
        if self._members:
            async with self.parting:
                await asyncio.to_thread(self._sweep, path)
        elif not self._ended:
            self._ended = True
            self._kernel.keeper.kill()
            with contextlib.suppress(TimeoutError):
                await self._kernel.keeper.wait(_CLOSE_SECONDS)
            await self._kernel.remove()

    def _sweep(self, path: list[str]) -> None:
        """Kills what is below the keeper and below no member, and removes the files of who left."""
        end = time.monotonic() + _SWEEP_SECONDS
        known = {member.attested for member in self._members}
        while (left := _living(children_of(self._keeper) - known)) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.0005)
        if path:
            for name in ("work", "tmp"):
                with contextlib.suppress(OSError):
                    shutil.rmtree(os.path.join(*path, name), dir_fd=self._kernel.child.run)


def _living(pids: set[int]) -> set[int]:
    living = set()
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                living.add(pid)
    return living
