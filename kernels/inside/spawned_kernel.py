"""A kernel in a new process of its own, below a parent that stays to clear up after it.

The parent is small and does nothing but wait: for the kernel's end, after which it kills what the kernel left
behind and removes its folder, or for its owner's end, which closes its standard input. Without child
subreapers, as on macOS, there is no such parent, and only the kernel's own process group is taken with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from . import claimed_folder

_PR_SET_CHILD_SUBREAPER = 36
_SWEEP_SECONDS = 5.0


def run(argument: dict[str, Any]) -> None:
    """Runs a kernel until it ends or the owner goes away.

    Args:
        argument: What `kernel_process.run` takes, and the kernel's `folder`.
    """
    if sys.platform != "linux":
        os.environ["JPY_PARENT_PID"] = str(os.getppid())  # ipykernel ends itself when that is gone
        _run_kernel(argument)
        return
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    claim = claimed_folder.claim(argument["folder"])
    pid = os.fork()
    if pid == 0:
        os.close(claim)
        signal.signal(signal.SIGINT, handler)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        _run_kernel(argument)
        os._exit(0)
    os.close(argument["ready_fd"])
    code = _wait(pid)
    _sweep()
    shutil.rmtree(argument["folder"], ignore_errors=True)
    os._exit(code if code >= 0 else 128 - code)


def _run_kernel(argument: dict[str, Any]) -> None:
    from . import kernel_process

    kernel_process.run(argument)


def _wait(pid: int) -> int:
    """The exit code of the kernel, which is killed when the owner goes first."""
    poll = select.poll()
    poll.register(os.pidfd_open(pid), select.POLLIN)
    poll.register(0, select.POLLIN)
    if any(descriptor == 0 for descriptor, _ in poll.poll()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _sweep() -> None:
    """Kills every child, and the orphans that turn up in its place, until there is none."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    end = time.monotonic() + _SWEEP_SECONDS
    while time.monotonic() < end:
        for child in children.read_text().split():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(child), signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)
