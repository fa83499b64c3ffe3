"""The process between the fork server and one kernel: takes down with it whatever the kernel started.

It adopts every orphan and kills them all before it ends; it ends when the kernel does, unless it is pinned,
because a copy of the kernel still lives below it: then it stays until it is killed. It runs no code of the
kernel. Where there are PID namespaces, their process 1 does all that by being there; see `first_process`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .system_calls import call

PIN = signal.SIGUSR1
_FORWARDED = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGCONT)
_FIRST_FD = 3
_NO_LIMIT = (1 << 32) - 1
_SWEEP_SECONDS = 5.0


def keep(become_kernel: Callable[[], NoReturn]) -> NoReturn:
    """Forks the kernel's process and looks after it.

    Args:
        become_kernel: What the forked process does, with default signal handling; never returns.
    """
    watched = {signal.SIGCHLD, signal.SIGTERM, PIN, *_FORWARDED}
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    kernel = os.fork()
    if kernel == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
        become_kernel()
    _let_go_of_descriptors()
    os._exit(_watch(kernel, watched))


def children_of(pid: int) -> set[int]:
    """The direct children of a process."""
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except FileNotFoundError:
        return {
            child for child in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent_of(child) == pid
        }


def _let_go_of_descriptors() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(_FIRST_FD):
        os.dup2(null, number)
    call("close_range", _FIRST_FD, _NO_LIMIT, 0)


def _watch(kernel: int, watched: set[signal.Signals]) -> int:
    code: int | None = None
    pinned = False
    while code is None or pinned:
        told = signal.sigwaitinfo(watched)
        if told.si_signo == signal.SIGCHLD:
            ended = _collect().get(kernel)
            code = ended if ended is not None else code
        elif told.si_signo == PIN:
            pinned = True
        elif told.si_signo == signal.SIGTERM:
            code, pinned = 128 + signal.SIGTERM, False
        elif code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(kernel, told.si_signo)
    _kill_all_below()
    return code if code >= 0 else 128 - code


def _collect() -> dict[int, int]:
    """Collects the dead: their exit codes, minus the number for a signal."""
    gone: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            gone[pid] = os.waitstatus_to_exitcode(status)
    return gone


def _kill_all_below() -> None:
    end = time.monotonic() + _SWEEP_SECONDS
    while (left := children_of(os.getpid())) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        _collect()
        time.sleep(0.0005)


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return -1
