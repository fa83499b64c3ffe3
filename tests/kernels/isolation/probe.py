"""An attempt at an escape: a cell that calls `escaped()` if it got through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from replgym.kernels import Protection

TOKEN = "ESCAPED"

_PRELUDE = """
import ctypes, errno, glob, os, resource, signal, socket, struct, subprocess, sys, threading, time
HOST = __import__("json").loads(%r)
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
X86 = os.uname().machine == "x86_64"
def escaped():
    print("ESC" + "APED")
def call(x86, arm, *arguments):
    result = LIBC.syscall(ctypes.c_long(x86 if X86 else arm), *[
        ctypes.c_long(value) if isinstance(value, int) else value for value in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def reaches(x86, arm, *arguments):
    "Whether a call gets as far as looking at its arguments."
    if (x86 if X86 else arm) is None:
        return False
    try:
        call(x86, arm, *arguments)
    except OSError as error:
        return error.errno not in (errno.EPERM, errno.ENOSYS, errno.EACCES)
    return True
def in_child(attempt):
    "Runs the attempt in a child, which says whether it succeeded."
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if attempt() else 1)
        except BaseException:
            os._exit(2)
    if os.waitpid(pid, 0)[1] == 0:
        escaped()
def lift(limit):
    try:
        resource.setrlimit(limit, (-1, -1))
    except (OSError, ValueError):
        pass
def capabilities():
    lines = open("/proc/self/status").read().split("CapEff:")
    return int(lines[1].split()[0], 16)
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt."""

    name: str
    protection: Protection
    """What it attacks."""
    code: str
    shows: bool = False
    """Whether it harmlessly succeeds where the protection is not claimed, which shows that it can."""
    by_root: bool = False
    """Whether only root's code gets through."""

    def cell(self, facts: Mapping[str, object]) -> str:
        """The whole cell; `facts` is what the attacker knows of the host."""
        return f"{_PRELUDE % json.dumps(facts)}\n{self.code}"
