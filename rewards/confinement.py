"""What keeps a candidate's process from the examiner and from eating the machine, as far as simple means go.

Each step is taken where the system allows it. Root becomes a user that owns nothing, if the interpreter is
readable for everybody. A PID namespace hides every other process, so none can be signalled. Without
capabilities, and with an examiner that is not dumpable, nobody's memory can be read, not even by root's uid.
Not done here: hiding files that the uid may read, and cutting the network.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import secrets
import signal
import stat
import struct
import sys
from pathlib import Path

_CLONE_NEWPID = 0x20000000
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_FILE_BYTES = 64 << 20
_OPEN_FILES = 256
_PROCESSES = 128
_FIRST_UID = 1 << 20
_UIDS = 1 << 20


def limit_resources(memory: int, cpu_seconds: int) -> None:
    """Sets hard limits on the calling process and on all that it starts."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, _FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    # Counts all processes of the user, and is not applied to root.
    if os.getuid() != 0:
        _limit(resource.RLIMIT_NPROC, _PROCESSES + _processes_of_user())


def hide_memory() -> None:
    """Makes the calling process unreadable and untraceable for processes without capabilities."""
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent() -> None:
    """Has the kernel kill the calling process when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def enter_pid_namespace() -> bool:
    """Makes the next child the first process of a PID namespace, where the system allows it."""
    if _unshare(_CLONE_NEWPID):
        return True
    uid, gid = os.geteuid(), os.getegid()
    if not _unshare(_CLONE_NEWUSER | _CLONE_NEWPID):
        return False
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def drop_privileges(cwd: str) -> None:
    """Gives up every capability for good, also through set-user-id programs, and root's uid where possible.

    Root's uid is kept when the interpreter lies where only root may read: nothing could be imported then.
    """
    libc = _libc()
    if not hasattr(libc, "capset"):
        return
    for capability in range(_LAST_CAPABILITY + 1):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    if os.geteuid() == 0 and _all_may_read(sys.base_prefix, sys.prefix, os.__file__, *sys.path):
        _become_stranger(cwd)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    libc.capset(struct.pack("=II", _CAPABILITY_VERSION_3, 0), bytes(24))


def _become_stranger(cwd: str) -> None:
    """Takes a uid of its own. In a container whose root may not do so, root's uid stays."""
    uid = _FIRST_UID + secrets.randbelow(_UIDS)
    try:
        os.chown(cwd, uid, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        _limit(resource.RLIMIT_NPROC, _PROCESSES)
    except OSError:
        with contextlib.suppress(OSError):
            os.chown(cwd, os.getuid(), os.getgid())


def _all_may_read(*paths: str) -> bool:
    """Whether a stranger reaches all paths that exist, through folders that are open to everybody."""
    for path in {Path(path).resolve() for path in paths if path}:
        if not path.exists():
            continue
        if not path.stat().st_mode & stat.S_IROTH:
            return False
        if not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents):
            return False
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    libc = _libc()
    if hasattr(libc, "prctl"):
        libc.prctl(option, value, 0, 0, 0)


def _unshare(flags: int) -> bool:
    libc = _libc()
    return hasattr(libc, "unshare") and libc.unshare(flags) == 0


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _processes_of_user() -> int:
    uid = os.getuid()
    count = 0
    for entry in Path("/proc").glob("[0-9]*") if Path("/proc/self").exists() else ():
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == uid:
                count += len(list((entry / "task").iterdir()))
    return count
