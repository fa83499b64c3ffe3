"""How a shell's process becomes two: a branch with the same state goes on beside it, out of its reach.

The host gives every branch its name, its socket and its files. Nothing of the state is made anew, also not
the random state, so that the two differ only by what they are told from now on.
"""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .branch_walls import part, readable_by_all
from .cell_traceback import printable
from .fork_obstacles import Obstacle, OpenFile, require_copyable
from .shell_channel import ShellChannel
from .stem import Stem, grow
from .workspace_copy import copy_tree, move_process, open_again

if TYPE_CHECKING:
    from .shell_kernel import ShellKernel


@dataclass(slots=True)
class ShellBranches:
    """Where a shell lives and how it is copied."""

    workspace: str = ""
    temporary: str = ""
    reserve: str = ""
    """The folder in which those of its copies are made."""
    family: tuple[str, ...] = ()
    """The folders in which those of all copies lie."""
    readable: tuple[str, ...] = ()
    apart: bool = False
    """Whether copies are kept from each other by Landlock."""
    path: list[str] = field(default_factory=list)
    """The way to the reserve from the first one."""
    _shared: tuple[str, ...] = ()
    _stem: Stem | None = None

    def outdate(self) -> None:
        """The state is about to change."""
        if self._stem is not None:
            self._stem.close()
            self._stem = None

    def fork(self, kernel: ShellKernel, request: dict[str, Any], descriptors: list[int]) -> None:
        """Makes a branch, or tells the host why not. In the branch it returns too, as another process."""
        try:
            if self._stem is None or not self._stem.order(request, descriptors):
                self.outdate()
                if self._grow_stem(kernel, request["name"], descriptors):
                    descriptors.clear()
                    return
        except Exception as error:  # noqa: BLE001 - cells may have patched anything; the kernel lives on
            self.outdate()
            kernel.channel.send({"id": request["id"], "refused": printable(error)})
        else:
            kernel.channel.send({"id": request["id"], "forked": True})

    def _grow_stem(self, kernel: ShellKernel, name: str, descriptors: list[int]) -> bool:
        """Grows a stem and has it make a branch; True in every branch that it ever makes.

        Raises:
            Obstacle: If that cannot be.
            OSError: If there is no room for it.
        """
        own = {*kernel.descriptors(), *descriptors}
        files = require_copyable(kernel.loop.tasks(), own, self.workspace)
        self._shared = self._shared or readable_by_all(self.family, self.readable)
        random_state = random.getstate()
        grown = grow((*descriptors, kernel.channel.fileno()))
        if not isinstance(grown, Stem):
            random.setstate(random_state)  # Python seeds it anew in every fork
            self._become_branch(kernel, *grown, files)
            return True
        self._stem = grown
        order = {"op": "fork", "name": name}
        self._part_from_copies(f"{name}k")
        if not grown.order(order, descriptors):
            raise Obstacle("there is no room for another process")
        return False

    def _part_from_copies(self, name: str) -> None:
        """Leaves the folder of the copies to them, and takes one below for those to come."""
        old = self.reserve
        self.reserve = f"{old}/{name}"
        self.path = [*self.path, name]
        os.mkdir(self.reserve, 0o700)
        if self.apart:
            part([self.workspace, self.temporary, self.reserve], self._shared)

    def _become_branch(
        self, kernel: ShellKernel, order: dict[str, Any], descriptors: list[int], files: list[OpenFile]
    ) -> None:
        source, folder = self.workspace, f"{self.reserve}/{order['name']}"
        temporaries = self.temporary, f"{folder}/tmp"
        self.workspace, self.temporary, self.reserve = f"{folder}/work", f"{folder}/tmp", folder
        self.path, self._stem = [*self.path, order["name"]], None
        control, log, out, err = descriptors
        try:
            os.mkdir(folder, 0o700)
            os.mkdir(self.temporary, 0o700)
            copy_tree(source, self.workspace)
            move_process(source, self.workspace, temporaries)
            open_again(files, source, self.workspace)
            if self.apart:
                part([folder], self._shared)
            kernel.move((control, log, out, err))
            kernel.channel.send({"hello": self.path})
        except BaseException as error:  # noqa: BLE001 - the boundary of a process that is no kernel yet
            with contextlib.suppress(OSError):
                ShellChannel(control).send({"refused": printable(error)})
            os._exit(1)
