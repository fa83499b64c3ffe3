"""What this machine has, as far as a training run cares."""

from __future__ import annotations

import csv
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_SECONDS = 20.0
_QUERY = "name,memory.total,compute_cap,driver_version"
_SHARED = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU."""

    name: str
    memory: int
    """Bytes."""
    capability: float
    """Compute capability, such as 9.0."""
    driver: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The part of a machine that this process may use."""

    gpus: tuple[Gpu, ...]
    cores: int
    memory: int
    """Bytes that this process could have if nothing else ran."""
    free_memory: int
    """Bytes that are free now."""
    shared_memory: int
    """Bytes that are free in `/dev/shm`."""
    open_files: int
    """Descriptors that one process may have open."""

    @property
    def smallest_gpu(self) -> int:
        """Bytes of the GPU that has least; there must be one."""
        return min(gpu.memory for gpu in self.gpus)

    @classmethod
    def this(cls) -> Self:
        """Looks at the machine that this runs on."""
        memory, free = _memory()
        return cls(
            gpus=_visible(_gpus()),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            memory=memory,
            free_memory=free,
            shared_memory=free_space(_SHARED) if _SHARED.is_dir() else 0,
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )


def free_space(place: Path) -> int:
    """Free bytes of the file system that holds a path, or will hold it."""
    place = place.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _gpus() -> list[Gpu]:
    try:
        told = subprocess.run(
            ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = csv.reader(told.stdout.splitlines(), skipinitialspace=True)
    return [
        Gpu(name, int(memory) << 20, float(capability), driver) for name, memory, capability, driver in rows
    ]


def _visible(gpus: list[Gpu]) -> tuple[Gpu, ...]:
    """Those that `CUDA_VISIBLE_DEVICES` leaves; ids that are no plain numbers are counted, not told apart."""
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None:
        return tuple(gpus)
    ids = [text.strip() for text in asked.split(",") if text.strip()]
    if all(text.isdigit() for text in ids):
        return tuple(gpus[int(text)] for text in ids if int(text) < len(gpus))
    return tuple(gpus[: len(ids)])


def _memory() -> tuple[int, int]:
    """All and free bytes, of the machine or of the control group that this process is in."""
    page = os.sysconf("SC_PAGE_SIZE")
    everything = page * os.sysconf("SC_PHYS_PAGES")
    free = _meminfo("MemAvailable") or page * os.sysconf("SC_AVPHYS_PAGES")
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no group, or one without a limit
        return everything, free
    return min(everything, limit), max(0, min(free, limit - used))


def _meminfo(name: str) -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), None)
