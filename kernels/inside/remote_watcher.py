"""Ends a kernel on another machine, with all that it started, when its owner ends it or falls silent.

It runs as a process of its own beside the kernel: `python -I -S -c <this source> pid folder marker silence`.
The kernel hands on every sign of life through standard input. Nothing is imported but the standard library.
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


def watch(kernel: int, silence: float) -> None:
    """Returns when the kernel is dead, was told to end, or nothing was heard for too long."""
    heard = time.monotonic()
    while os.getppid() == kernel and time.monotonic() - heard < silence:
        if select.select([0], [], [], 0.5)[0]:
            said = os.read(0, 4096)
            if not said or END in said:
                return
            heard = time.monotonic()


def end(kernel: int, folder: str, marker: str) -> None:
    """Kills what the kernel started, removes its folder, and kills the kernel last."""
    if os.getppid() == kernel:
        os.kill(kernel, signal.SIGSTOP)
    _sweep(kernel, marker)
    shutil.rmtree(folder, ignore_errors=True)
    if os.getppid() == kernel:
        _kill(kernel)
    _sweep(kernel, marker)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep(kernel: int, marker: str) -> None:
    for _ in range(_SWEEPS):
        victims = _victims(kernel, marker.encode())
        for pid in victims:
            _kill(pid)
        if not victims:
            return
        time.sleep(0.01)


def _victims(kernel: int, marker: bytes) -> set[int]:
    """Descendants and members of the group of the kernel, and whoever carries its mark in the environment."""
    found: set[int] = set()
    family = {kernel} if os.getppid() == kernel else set()
    try:
        processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return found
    for pid in sorted(processes):
        try:
            with open(f"/proc/{pid}/stat") as file:
                state, parent, group = file.read().rpartition(")")[2].split()[:3]
            with open(f"/proc/{pid}/environ", "rb") as file:
                marked = marker in file.read()
        except (OSError, ValueError):
            continue
        if state != "Z" and (marked or int(parent) in family or int(group) == kernel):
            found.add(pid)
            family.add(pid)
    return found - {kernel, os.getpid()}


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    number = int(sys.argv[1])
    watch(number, float(sys.argv[4]))
    end(number, sys.argv[2], sys.argv[3])
