"""The walls around one kernel, put up in the right order by the keeper and by the kernel's own process.

The kernel's process makes its namespaces and the places to write, and then gives up what it has, from the
outside in: after each step the next one is still possible, and after the last one nothing can be undone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from dataclasses import dataclass

from . import landlock, loopback, new_root, privileges, resource_caps, seccomp_filter
from .confinement import Confinement
from .system_calls import call

CLONE_NEWPID = 0x20000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNS = 0x00020000
_OF_EACH_KERNEL = CLONE_NEWNS | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000  # net, ipc, uts, cgroup
ALWAYS_READABLE = (
    "/bin",
    "/dev/random",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/self",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/sbin",
    "/sys/devices/system/cpu",
    "/usr",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/ptmx", "/dev/tty")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one kernel, as it sees them."""

    workspace: str
    temporary: str
    run: str
    """For its sockets and settings."""

    @classmethod
    def of(cls, orders: Confinement, folder: str) -> Places:
        """The places of a kernel.

        Args:
            orders: What is done to it.
            folder: Its own folder on the host, for a kernel without file systems of its own.
        """
        if orders.own_namespaces:
            return cls(new_root.WORKSPACE, new_root.TEMPORARY, new_root.RUN)
        return cls(f"{folder}/work", f"{folder}/tmp", f"{folder}/run")


def enter_user_namespace() -> None:
    """Makes the calling process its own master, under the uid that it has."""
    uid, gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def furnish(orders: Confinement, places: Places, uid: int) -> None:
    """Done by the kernel's process first: makes the namespaces and the folders of a kernel."""
    if not orders.own_namespaces:
        for folder in (places.workspace, places.temporary, places.run):
            os.makedirs(folder, 0o700, exist_ok=True)
            os.chown(folder, uid, uid if orders.uids else -1)
        return
    call("unshare", _OF_EACH_KERNEL)
    socket.sethostname("replgym")
    loopback.bring_up_loopback()
    # hidepid is the business of who owns the PID namespace; under one uid it would hide nothing.
    new_root.mount_private_places(orders.workspace, uid, orders.readable, hide_others=orders.uids is not None)


def confine(orders: Confinement, places: Places, uid: int) -> None:
    """Done by the kernel's process: gives up every right that the level takes.

    Args:
        orders: What to give up.
        places: Where it may write.
        uid: The user that it becomes, if the orders say so.
    """
    resource_caps.limit_resources(
        memory=orders.memory,
        file_size=orders.file_size,
        open_files=orders.open_files,
        processes=orders.processes if _counts_alone(orders) else None,
    )
    if orders.level == "limits":
        privileges.die_with_parent(signal.SIGKILL)
        return
    if orders.user_namespace:
        # A user namespace of its own has its own count of processes, and no right over the mounts.
        privileges.show_memory()
        enter_user_namespace()
    privileges.forbid_new_privileges()
    if orders.landlock:
        _restrict_files(orders, places)
    privileges.change_user(None if orders.uids is None else uid, keep_reading=orders.keep_reading)
    privileges.hide_memory()
    privileges.die_with_parent(signal.SIGKILL)
    if orders.seccomp:
        seccomp_filter.refuse_system_calls(own_network=orders.own_namespaces or orders.container)


def confine_children(orders: Confinement, places: Places) -> None:
    """Done by a trusted parent in the kernel's namespaces, as root: what `confine` does, but for the user.

    Its children have then given up everything as soon as they become another user, and that costs nothing.
    """
    assert orders.own_namespaces
    assert orders.uids is not None
    assert not orders.keep_reading
    resource_caps.limit_resources(
        memory=orders.memory,
        file_size=orders.file_size,
        open_files=orders.open_files,
        processes=orders.processes,
    )
    privileges.forbid_new_privileges()
    if orders.landlock:
        _restrict_files(orders, places)
    privileges.limit_capabilities()
    os.setgroups([])
    if orders.seccomp:
        seccomp_filter.refuse_system_calls(own_network=True)


def _counts_alone(orders: Confinement) -> bool:
    """Whether nobody else's processes count against the kernel's limit."""
    return orders.uids is not None or (orders.own_namespaces and orders.user_namespace)


def _restrict_files(orders: Confinement, places: Places) -> None:
    writable = [places.workspace, places.temporary, places.run]
    readable = ["/"]
    if orders.own_namespaces:
        writable.append("/dev")  # a folder of the new root, with what each kernel mounts there
    elif orders.container:
        writable += [*DEVICES, "/dev/shm", "/dev/pts"]
    else:
        writable += DEVICES
        readable = [*ALWAYS_READABLE, *new_root.SETTINGS, *orders.readable]
    landlock.restrict_files(readable, writable, tcp=orders.own_namespaces or orders.container)


def _write(path: str, text: str) -> None:
    with contextlib.suppress(FileNotFoundError), open(path, "w") as file:
        file.write(text)
