"""What the figures were measured on, and what its processes use."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("replgym", "ipykernel", "IPython", "jupyter_client", "pyzmq", "docker")


def describe(packages: Sequence[str] = ()) -> dict[str, object]:
    """Hardware, versions, commit, command and date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: found for name in (*_PACKAGES, *packages) if (found := _version(name))},
        "load_before": round(os.getloadavg()[0], 2),
    }


def held() -> dict[str, int]:
    """What this machine and this process hold that an episode or a grade could leave behind."""
    sockets = sum(1 for line in Path("/proc/net/unix").read_text().splitlines()[1:] if line)
    return {
        "processes": sum(not _is_of_others(pid) for pid in processes()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "temporary files": len(os.listdir(tempfile.gettempdir())),
        "mounts": len(Path("/proc/mounts").read_text().splitlines()),
        "control groups": sum(1 for _ in Path("/sys/fs/cgroup").glob("*/replgym*")),
        "unix sockets": sockets,
        "resident bytes": resident_bytes(),
    }


def processes() -> set[int]:
    """The numbers of all processes but the Linux kernel's own threads."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit() and _has_memory(name)}


def _is_of_others(pid: int) -> bool:
    """Whether it comes from a process that was there before this one, such as another shell's."""
    own_start = _parent_and_start(os.getpid())[1]
    while True:
        parent, start = _parent_and_start(pid)
        if pid == os.getpid() or parent <= 1:
            return start < own_start
        pid = parent


def _parent_and_start(pid: int) -> tuple[int, int]:
    """The parent's number and the time of the start in clock ticks; that of no process is 0."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[1]), int(fields[19])
    return 0, 0


def _has_memory(pid: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/statm").read_text().split()[0] != "0"
    return False


def unique_bytes(pids: set[int]) -> int:
    """Memory that belongs to these processes alone (USS), summed."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_Clean", "Private_Dirty")):
                    total += int(line.split()[1]) * 1024
    return total


def tree(root: int) -> set[int]:
    """The number of a process and those of all processes below it."""
    parents: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parent = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1]
            parents.setdefault(int(parent), []).append(int(name))
    found, left = {root}, [root]
    while left:
        children = parents.get(left.pop(), [])
        found.update(children)
        left += children
    return found


def proportional_bytes(pids: set[int]) -> int:
    """Memory of these processes, a page that several have counted in parts (PSS), summed."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
                    break
    return total


def page_table_bytes(pids: set[int]) -> int:
    """Memory that the Linux kernel takes for the address spaces of these processes, which no PSS counts."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmPTE:"):
                    total += int(line.split()[1]) * 1024
    return total


def available_bytes() -> int:
    """Memory that the machine still has, by its own account."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/meminfo has no MemAvailable")


def busy_seconds() -> float:
    """Seconds of CPU that the whole machine has spent, all processes together."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def resident_bytes() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout.strip()
