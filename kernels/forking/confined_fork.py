"""What is asked of a fork server that confines: a process, what it runs and what it gets from the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..inside.sandbox import Places


@dataclass(frozen=True, slots=True)
class ConfinedFork:
    """A confined process to be. It starts in its workspace, which is its home too."""

    target: str
    """Called in the process; see `ForkServer.fork`."""
    argument: Callable[[Places], object]
    """Makes the target's argument from the folders as the process sees them."""
    fds: Sequence[int] = ()
    """Descriptors for the process, from 3 on."""
    stdout: int | None = None
    stderr: int | None = None
    timeout: float = 10.0
    """Seconds until the request is given up."""
