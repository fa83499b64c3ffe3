"""Control groups: limits on memory and processes of a kernel with all that it starts, not on each process.

The fork server makes one group for itself below the group that it lives in, and in that one group for each
kernel; so every limit that already holds for it holds on. Both versions are known. Groups of servers that
were killed are removed by the next server.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

_PREFIX = "replgym-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_V1: dict[str, tuple[str, ...]] = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    "pids": ("pids.max",),
}
_V2: dict[str, tuple[str, ...]] = {"memory": ("memory.max",), "pids": ("pids.max",)}


@dataclass(slots=True)
class _Hierarchy:
    """One mounted tree, and our place in it."""

    above: Path
    limits: dict[str, tuple[str, ...]]
    """The files for what it can limit."""
    above_fd: int = -1
    own_fd: int = -1


@dataclass(slots=True)
class ControlGroups:
    """The groups of one fork server. Make it with `create`."""

    name: str
    hierarchies: list[_Hierarchy]
    _leftovers: set[str] = field(default_factory=set)

    @classmethod
    def create(cls, owner: str) -> ControlGroups:
        """Makes the server's group wherever it may.

        Args:
            owner: The mark of the process with which the groups lose their purpose.

        Raises:
            OSError: If it may nowhere; the message says why.
        """
        name = f"{_PREFIX}{owner}"
        made, problems = [], []
        for hierarchy in _hierarchies():
            try:
                _open(hierarchy, name)
                made.append(hierarchy)
            except OSError as error:
                problems.append(f"{hierarchy.above}: {error.strerror}")
        if not made:
            raise OSError(1, "; ".join(problems) or "no controllers of memory or processes are mounted")
        return cls(name, made)

    @property
    def limits(self) -> frozenset[str]:
        """What can be limited: `memory`, `pids`."""
        return frozenset(name for hierarchy in self.hierarchies for name in hierarchy.limits)

    def add(self, kernel: str, memory: int, processes: int) -> list[int]:
        """Makes a kernel's group; returns descriptors through which a process joins it (see `join`)."""
        values = {"memory": memory, "pids": processes}
        doors = []
        for hierarchy in self.hierarchies:
            with contextlib.suppress(FileExistsError):  # from an attempt that failed half-way
                os.mkdir(kernel, dir_fd=hierarchy.own_fd)
            for limited, files in hierarchy.limits.items():
                for index, file in enumerate(files):
                    with contextlib.suppress(FileNotFoundError) if index else contextlib.nullcontext():
                        _write(f"{kernel}/{file}", str(values[limited]), hierarchy.own_fd)
            doors.append(
                os.open(f"{kernel}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC, dir_fd=hierarchy.own_fd)
            )
        return doors

    def remove(self, kernel: str) -> None:
        """Removes a kernel's group, now or, if processes in it still end, a little later."""
        self._leftovers.add(kernel)
        for name in tuple(self._leftovers):
            if all(_removed(name, hierarchy.own_fd) for hierarchy in self.hierarchies):
                self._leftovers.discard(name)

    def close(self) -> None:
        """Removes the groups of all kernels, which must have ended, and the server's; leaves them before."""
        for hierarchy in self.hierarchies:
            with contextlib.suppress(OSError):
                _write("cgroup.procs", "0", hierarchy.above_fd)
            for kernel in _groups_in(hierarchy.own_fd):
                _removed(kernel, hierarchy.own_fd)
            os.close(hierarchy.own_fd)
            _removed(self.name, hierarchy.above_fd)
            os.close(hierarchy.above_fd)
        self.hierarchies.clear()


def mark() -> str:
    """Names the calling process for as long as it lives; to be asked for before it enters a PID namespace."""
    return f"{os.getpid()}-{_start_time(os.getpid())}"


def join(doors: list[int]) -> None:
    """Moves the calling process into the group behind the descriptors, and closes them."""
    for door in doors:
        os.write(door, b"0")
        os.close(door)
    doors.clear()


def sweep() -> None:
    """Removes the groups of servers that are no more."""
    with contextlib.suppress(OSError):
        for hierarchy in _hierarchies():
            _sweep(hierarchy.above)


def _hierarchies() -> list[_Hierarchy]:
    """The trees that can limit something, with the group that this process lives in."""
    paths: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        words, _, last = line.partition(" - ")
        root, place = words.split()[3:5]
        kind, _, options = last.split(" ", 2)
        if kind == "cgroup":
            names = [name for name in _V1 if name in options.split(",")]
            limits = {name: _V1[name] for name in names}
        elif kind == "cgroup2":
            names, limits = [""], _V2
        else:
            continue
        if limits and names[0] in paths:
            inside = os.path.relpath(paths[names[0]], root)
            found.append(_Hierarchy(Path(place) if inside.startswith("..") else Path(place, inside), limits))
    return found


def _open(hierarchy: _Hierarchy, name: str) -> None:
    above = hierarchy.above
    if (above / "cgroup.subtree_control").exists():
        offered = (above / "cgroup.controllers").read_text().split()
        hierarchy.limits = {limit: files for limit, files in hierarchy.limits.items() if limit in offered}
        if not hierarchy.limits:
            raise OSError(1, "no controllers of memory or processes are offered")
        _enable(above, hierarchy.limits)
    (above / name).mkdir()
    try:
        if (above / "cgroup.subtree_control").exists():
            _enable(above / name, hierarchy.limits)
        hierarchy.own_fd = os.open(above / name, _FOLDER)
        hierarchy.above_fd = os.open(above, _FOLDER)
    except OSError:
        (above / name).rmdir()
        raise


def _enable(group: Path, limits: dict[str, tuple[str, ...]]) -> None:
    if not set(limits) <= set((group / "cgroup.subtree_control").read_text().split()):
        (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in limits))


def _sweep(above: Path) -> None:
    """Removes the groups of servers that are no more, with whatever still runs in them."""
    for group in above.glob(f"{_PREFIX}*"):
        pid, _, start = group.name.removeprefix(_PREFIX).partition("-")
        if not pid.isdigit() or _start_time(int(pid)) == start:
            continue
        for part in (*group.glob("*/"), group):
            with contextlib.suppress(OSError):
                for process in (part / "cgroup.procs").read_text().split():
                    os.kill(int(process), signal.SIGKILL)
                part.rmdir()


def _start_time(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _groups_in(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _removed(name: str, folder: int) -> bool:
    try:
        os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(path: str, text: str, folder: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
