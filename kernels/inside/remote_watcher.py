"""Ends a kernel on another machine, with all that it started, when its owner ends it or falls silent.

It runs as a process of its own beside the kernel: `python -I -S -c <this source> pid folder marker silence`.
The kernel hands on every sign of life through standard input. A server starts a kernel that died again, a few
times; a silent owner wants none of those, so the watcher ends them too until the server gives up.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import time

END = b"q"
_SWEEPS = 20
_QUIET_SECONDS = 10.0
_LONGEST_SECONDS = 120.0


def watch(kernel: int, silence: float) -> bool:
    """Waits for the end of the kernel; whether it is because nothing was heard for too long."""
    heard = time.monotonic()
    while time.monotonic() - heard < silence:
        if os.getppid() != kernel:
            return False
        if select.select([0], [], [], 0.5)[0]:
            said = os.read(0, 4096)
            if not said or END in said:
                return False
            heard = time.monotonic()
    return True


def end(kernel: int, folder: str, marker: bytes) -> None:
    """Kills what the kernel started, removes its folder, and kills the kernel last."""
    if os.getppid() == kernel:
        os.kill(kernel, signal.SIGSTOP)
    _sweep(kernel, marker)
    shutil.rmtree(folder, ignore_errors=True)
    if os.getppid() == kernel:
        _kill(kernel)
    _sweep(kernel, marker)
    shutil.rmtree(folder, ignore_errors=True)


def hold_down(command: bytes) -> None:
    """Kills every process of this very command until none was started for a while."""
    begin = quiet = time.monotonic()
    while time.monotonic() - quiet < _QUIET_SECONDS and time.monotonic() - begin < _LONGEST_SECONDS:
        for pid in _processes():
            if _content(pid, "cmdline") == command:
                _kill(pid)
                quiet = time.monotonic()
        time.sleep(0.5)


def _sweep(kernel: int, marker: bytes) -> None:
    for _ in range(_SWEEPS):
        victims = _victims(kernel, marker)
        for pid in victims:
            _kill(pid)
        if not victims:
            return
        time.sleep(0.01)


def _victims(kernel: int, marker: bytes) -> set[int]:
    """Descendants and members of the group of the kernel, and whoever carries its mark in the environment."""
    found: set[int] = set()
    family = {kernel} if os.getppid() == kernel else set()
    for pid in _processes():
        state, parent, group = (_content(pid, "stat").rpartition(b")")[2].split() or [b"Z", b"0", b"0"])[:3]
        if state == b"Z":
            continue
        if int(parent) in family or int(group) == kernel or marker in _content(pid, "environ"):
            found.add(pid)
            family.add(pid)
    return found - {kernel, os.getpid()}


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    return []


def _content(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()
    return b""


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def main(kernel: int, folder: str, marker: bytes, silence: float) -> None:
    """Watches one kernel to its end."""
    command = _content(kernel, "cmdline")
    silent = watch(kernel, silence)
    end(kernel, folder, marker)
    if silent and command:
        hold_down(command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3].encode(), float(sys.argv[4]))
