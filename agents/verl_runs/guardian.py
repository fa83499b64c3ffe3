"""Runs a command and leaves nothing of it behind: `python -m replgym.agents.training.guardian COMMAND…`.

Ray starts daemons that outlive the program that asked for them. The guardian adopts every orphan below it,
and ends them all when the command ends, when it is told to stop, or when its parent dies, even by `kill -9`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

import psutil

from ...kernels.inside import claimed_folder

GRACE_SECONDS = 15.0
"""How long the command may take to end after an interrupt."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class _Stop(Exception):
    """Somebody wants the command to end."""


def main(command: list[str]) -> int:
    """Runs the command to its end, or until SIGINT or SIGTERM.

    Returns:
        The command's exit code; 130 when it was stopped.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    child: subprocess.Popen[bytes] | None = None
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        return child.wait()
    except _Stop:
        _ignore_signals()
        if child is not None:
            _interrupt(child)
        return 130
    finally:
        _ignore_signals()
        _end_descendants()
        claimed_folder.sweep()  # of those who had no time to do it themselves


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """Asks the command to end and waits for it a while."""
    os.killpg(child.pid, signal.SIGINT)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _end_descendants() -> None:
    """Kills until nobody is left: orphans come to this process, so none can slip away."""
    while family := psutil.Process().children(recursive=True):
        for member in family:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
