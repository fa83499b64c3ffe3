"""A kernel that a fork server keeps confined, seen from the host."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .forked_child import ForkedChild


@dataclass(slots=True)
class ConfinedChild:
    """The keeper of a kernel and descriptors of the kernel's folders, until `close`."""

    keeper: ForkedChild
    """Its death is the death of everything in the kernel; signals to its group reach the kernel's."""
    owner: tuple[int, int]
    """User and group of the kernel."""
    workspace: int
    """Descriptor of the working directory, opened before the kernel ran any code."""
    run: int
    """The same of the folder for its sockets."""

    @classmethod
    def from_report(cls, keeper: ForkedChild, owner: Sequence[int], fds: Sequence[int]) -> ConfinedChild:
        """Puts together what the server and the kernel's process said.

        Args:
            keeper: The keeper.
            owner: User and group.
            fds: Descriptors of the working directory, of the folder for sockets, and of the kernel's process.
        """
        workspace, run, kernel = fds
        keeper.follow(kernel)
        return cls(keeper, (owner[0], owner[1]), workspace, run)

    def take_workspace(self) -> int:
        """The descriptor of the working directory, which belongs to the caller from now on."""
        workspace, self.workspace = self.workspace, -1
        return workspace

    def close(self) -> None:
        """Lets go of the folders that it still has; idempotent."""
        run, self.run = self.run, -1
        for folder in (run, self.take_workspace()):
            if folder >= 0:
                os.close(folder)
