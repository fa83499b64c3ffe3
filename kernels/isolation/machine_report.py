"""What this machine gives to interpreters: each layer, each level, each back end, found out by trying."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, field

from ..backend_options import BackendOptions, Isolation
from ..backends import make_backend
from ..capabilities import IsolationLevel
from ..inside import landlock
from ..inside.system_calls import architecture
from ..kernel_error import KernelError
from .ladder import Ladder, control_groups_here, this_machine
from .own_uids import free_uids
from .rung import Rung

LOCAL_BACKENDS = ("jupyter", "fork", "jupyter-spawn")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is there or not."""

    name: str
    available: bool
    detail: str


@dataclass(frozen=True, slots=True)
class BackendFinding:
    """What one back end promises, or why it cannot be used."""

    name: str
    available: bool
    isolation: str = ""
    protections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineReport:
    """Everything that `replgym doctor` says."""

    python: str
    executable: str
    platform: str
    processor: str
    user: str
    layers: tuple[Finding, ...]
    levels: tuple[Finding, ...]
    chosen: str
    """The level that `isolation="auto"` takes."""
    backends: tuple[BackendFinding, ...] = field(default=())


async def examine_machine() -> MachineReport:
    """Tries everything; takes a second or two, longer with a Docker engine."""
    ladder = this_machine()
    tried = {level: await ladder.try_level(level) for level in _LEVELS}
    namespaces = tried[IsolationLevel.NAMESPACES]
    return MachineReport(
        python=platform.python_version(),
        executable=sys.executable,
        platform=platform.platform(),
        processor=f"{platform.machine()}, {os.cpu_count()} processors",
        user="root" if _uid() == 0 else f"uid {_uid()}",
        layers=_layers(namespaces),
        levels=tuple(_level_finding(level, rung) for level, rung in tried.items()),
        chosen=await _chosen(ladder),
        backends=tuple([await _backend(name) for name in (*LOCAL_BACKENDS, "docker", "gateway")]),
    )


_LEVELS = (IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED, IsolationLevel.LIMITS)


def _uid() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else -1


async def _chosen(ladder: Ladder) -> str:
    try:
        return str((await ladder.choose(Isolation.AUTO)).level)
    except KernelError:
        return "none: plain processes"


def _level_finding(level: IsolationLevel, rung: Rung | str) -> Finding:
    if isinstance(rung, str):
        return Finding(str(level), False, rung)
    claimed = ", ".join(sorted(rung.protections)) or "no protection: limits that root may lift"
    return Finding(str(level), True, claimed)


def _layers(namespaces: Rung | str) -> tuple[Finding, ...]:
    return (
        _namespaces(namespaces),
        _own_user(),
        _landlock(),
        _seccomp(),
        _control_groups(),
    )


def _namespaces(rung: Rung | str) -> Finding:
    if isinstance(rung, str):
        return Finding("namespaces", False, rung)
    how = "in a user namespace" if rung.confinement.user_namespace else "with root's rights"
    return Finding("namespaces", True, f"mount, process, network, IPC, host name; {how}")


def _own_user() -> Finding:
    if not sys.platform.startswith("linux"):
        return Finding("user of its own", False, "only on Linux")
    if _uid() != 0:
        return Finding("user of its own", False, "only root can give a process another uid")
    uids = free_uids()
    if uids is None:
        return Finding("user of its own", False, "the user namespace has no other uid")
    return Finding("user of its own", True, "a different uid for every interpreter")


def _landlock() -> Finding:
    version = landlock.abi() if sys.platform.startswith("linux") else 0
    if not version:
        return Finding("Landlock", False, "needs Linux 5.13, and landlock among the active security modules")
    extra = [name for since, name in ((4, "TCP"), (5, "devices"), (6, "signals")) if version >= since]
    return Finding("Landlock", True, f"version {version}: files{''.join(f', {name}' for name in extra)}")


def _seccomp() -> Finding:
    if not sys.platform.startswith("linux"):
        return Finding("seccomp", False, "only on Linux")
    if architecture() is None:
        return Finding("seccomp", False, f"no table of system calls for {platform.machine()}")
    return Finding("seccomp", True, f"table of system calls for {architecture()}")


def _control_groups() -> Finding:
    if not sys.platform.startswith("linux"):
        return Finding("control groups", False, "only on Linux")
    groups = control_groups_here()
    if isinstance(groups, str):
        return Finding("control groups", False, groups)
    return Finding("control groups", True, f"limits of {' and '.join(sorted(groups))} per interpreter")


async def _backend(name: str) -> BackendFinding:
    backend = None
    try:
        backend = make_backend(name, BackendOptions())
        promised = await backend.capabilities()
    except (KernelError, ValueError, ImportError) as error:
        return BackendFinding(name, False, notes=(" ".join(str(error).split()),))
    finally:
        if backend is not None:
            await backend.close()
    return BackendFinding(
        name, True, str(promised.isolation), tuple(sorted(promised.protections)), promised.notes
    )
