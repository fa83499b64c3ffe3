"""The process of one shell, seen from the host."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ..forking.watched_process import WatchedProcess


class FamilyMember(WatchedProcess):
    """A process that is not ours.

    Args:
        pid: Its number, attested a moment ago.

    Raises:
        OSError: If there is no such process.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(os.pidfd_open(pid))
        self.attested = pid
        """Its number among the host's processes, for as long as it is not collected."""

    def parent(self) -> int:
        """The number of its parent; -1 when it is gone."""
        try:
            return int(Path(f"/proc/{self.attested}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            return -1

    def interrupt(self) -> None:
        """Sends SIGINT to it and to its process group."""
        self.signal_group(signal.SIGINT)

    def kill(self) -> None:
        """Kills it alone; idempotent."""
        self.signal(signal.SIGKILL)
