"""What process 1 of a container forks: one session at a time, and the cleaning between two sessions."""

from __future__ import annotations

import array
import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import time
from pathlib import Path
from typing import Any

from . import landlock, privileges, seccomp_filter

CHANNEL = 3
WRITABLE = ("/workspace", "/tmp", "/dev/shm")
_DEVICES = (
    "/dev/full",
    "/dev/null",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/random",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
)
_FIRST_TO_GO = "700"
_KILL_SECONDS = 2.0
_MEMORY_EVENTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
_MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_PROCESS_LIMITS = ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max")


def run_kernel(argument: dict[str, Any]) -> None:
    """Runs an ipykernel, which can make its sockets in the folder of its connection file."""
    _confine(os.path.dirname(argument["connection_file"]))
    from .kernel_process import run  # warm already, if this is what the container is for

    run(argument)


def _confine(folder: str) -> None:
    """Gives up what is left to give up, and is killed before process 1 is when memory runs out."""
    privileges.show_memory()  # nothing here is worth hiding, and a program needs its own files in /proc
    Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    privileges.forbid_new_privileges()
    if landlock.abi():
        landlock.restrict_files(("/",), (*WRITABLE, folder, *_DEVICES), tcp=True)
    seccomp_filter.refuse_system_calls(own_network=True)


def introduce(_: object) -> None:
    """Tells the host what holds here, and hands it the workspace and the counter of memory kills."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    facts = {
        "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
        "no_new_privileges": status["NoNewPrivs"] == "1",
        "seccomp": status["Seccomp"] == "2",
        "read_only": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "memory": _first_number(_MEMORY_LIMITS),
        "processes": _first_number(_PROCESS_LIMITS),
    }
    os.chmod(WRITABLE[0], stat.S_IRWXU)  # an engine gives it the mode that the folder has in the image
    fds = [os.open(WRITABLE[0], os.O_RDONLY | os.O_DIRECTORY)]
    fds += [os.open(path, os.O_RDONLY) for path in _MEMORY_EVENTS if os.path.exists(path)][:1]
    with socket.socket(fileno=CHANNEL) as channel:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        channel.sendmsg([json.dumps(facts).encode()], rights)


def _first_number(paths: tuple[str, ...]) -> int | None:
    for path in paths:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        return int(text) if text.isdigit() else None
    return None


def wipe(_: object) -> None:
    """Ends every process but the first, empties what can be written, and says so only if nothing is left."""
    _kill_others()
    for folder in WRITABLE:
        _empty(Path(folder))
    if _others() or any(os.listdir(folder) for folder in WRITABLE):
        raise RuntimeError("something is left of the session")
    os.write(CHANNEL, b"+")


def _kill_others() -> None:
    end = time.monotonic() + _KILL_SECONDS
    while _others():
        if time.monotonic() > end:
            raise TimeoutError("processes of the session will not end")
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # spares process 1 and this one
        time.sleep(0.0005)


def _others() -> list[str]:
    mine = ("1", str(os.getpid()))
    return [name for name in os.listdir("/proc") if name.isdigit() and name not in mine]


def _empty(folder: Path) -> None:
    if os.stat(folder).st_uid == os.getuid():
        os.chmod(folder, stat.S_IRWXU)
        for name in os.listxattr(folder):
            os.removexattr(folder, name)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
