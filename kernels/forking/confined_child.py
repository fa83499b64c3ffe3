"""A kernel that a fork server keeps confined, seen from the host."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .forked_child import ForkedChild


@dataclass(slots=True)
class ConfinedChild:
    """The keeper of a kernel and descriptors of the kernel's folders, which the caller owns."""

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

    def close_run(self) -> None:
        """Lets go of the folder for sockets; idempotent."""
        run, self.run = self.run, -1
        if run >= 0:
            os.close(run)
