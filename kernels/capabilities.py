"""What a back end promises on this machine, in words that tests and users can check.

A promise that is not in the record is not made: nothing is claimed because it usually holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IsolationLevel(StrEnum):
    """How far an interpreter is kept from everything else; the strongest first."""

    CONTAINER = "container"
    """A container of its own, with no capabilities and no network."""
    NAMESPACES = "namespaces"
    """Own mount, process, network and IPC namespaces, another uid if possible, Landlock, seccomp, limits."""
    RESTRICTED = "restricted"
    """No namespaces: another uid (if started by root), Landlock, seccomp, limits."""
    LIMITS = "limits"
    """Resource limits and a process group alone: the code has the rights of the user who started it."""
    REMOTE = "remote"
    """The business of the server that runs the interpreter; nothing is known of it here."""


class Protection(StrEnum):
    """Something that code in the interpreter cannot do."""

    NETWORK = "network"
    """Reach any host, also this one, over a network."""
    READING = "reading"
    """Read files beyond the Python installation, the system's libraries and its own workspace."""
    WRITING = "writing"
    """Write files outside its own workspace and private temporary folder."""
    PROCESSES = "processes"
    """See, trace or read the memory of processes that it did not start."""
    SIGNALS = "signals"
    """Signal processes that it did not start."""
    PRIVILEGES = "privileges"
    """Gain a capability or another user's rights."""
    SYSCALLS = "syscalls"
    """Use system calls that no ordinary program needs: mounts, namespaces, tracing, BPF, io_uring."""
    MEMORY = "memory"
    """Use more memory than its limit."""
    PROCESS_COUNT = "process_count"
    """Start more processes and threads than its limit."""
    DISK = "disk"
    """Fill more of the disk than its limit."""


class Feature(StrEnum):
    """Something that not every back end can do; without it the call raises `UnsupportedError`."""

    FORK = "fork"
    """Clone a live interpreter."""
    FILES = "files"
    """Move files in and out."""
    PRELOAD = "preload"
    """Import modules once for all interpreters."""
    SEED = "seed"
    """Start every interpreter from the same random state."""
    TRACED_DEATH = "traced_death"
    """Notice the death of an interpreter at once, and not by asking now and then."""
    CAPPED_AT_SOURCE = "capped_at_source"
    """Cut a flood of output in the interpreter itself, so that it never travels."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one back end promises on this machine."""

    backend: str
    isolation: IsolationLevel
    protections: frozenset[Protection] = frozenset()
    features: frozenset[Feature] = frozenset()
    notes: tuple[str, ...] = ()
    """What a user should know, in sentences: what was not available and why, which limits hold and how."""
