"""Who owns a container, told by labels, so that what a dead owner left can be found and removed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

OWNER = "replgym.owner"


def owner_labels() -> dict[str, str]:
    """The labels of what this process owns."""
    boot, namespace = _world()
    return {OWNER: f"{boot} {namespace} {os.getpid()} {_started(os.getpid())}"}


def is_left_over(labels: Mapping[str, str]) -> bool:
    """Whether something with these labels belonged to a process of this machine that is dead.

    A process that cannot be seen from here, because it runs in another container, is not taken for dead.
    """
    told = labels.get(OWNER, "").split()
    if len(told) != 4 or not told[2].isdigit():
        return False
    boot, namespace = _world()
    if told[0] != boot:
        return True
    return told[1] == namespace and _started(int(told[2])) != told[3]


def _world() -> tuple[str, str]:
    """This boot of this machine, and the process namespace in which numbers of processes mean something."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return boot, os.readlink("/proc/self/ns/pid")


def _started(pid: int) -> str:
    """When a process started, in ticks since the boot; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
