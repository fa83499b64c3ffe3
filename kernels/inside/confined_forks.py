"""How the fork server makes confined kernels: each gets a keeper, and if possible a uid of its own.

With namespaces the keeper is process 1 of a PID namespace, a program that does nothing, and the kernel's
process is forked straight from the server into that namespace. Without, the keeper is a fork of the server
and the kernel's process its child.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from . import first_process, new_root, privileges, seccomp_filter
from .confinement import Confinement
from .control_groups import ControlGroups, join
from .keeper import keep
from .sandbox import CLONE_NEWNS, CLONE_NEWPID, Places, confine, furnish
from .settled_environment import cache_places
from .system_calls import call

_HIGH_FD = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
Report = Callable[[dict[str, Any], list[int]], None]


def start_own_pid_namespace() -> None:
    """Goes on as process 1 of a namespace of its own.

    The calling process stays behind and waits; when it is killed, all that lives in the namespace dies.
    """
    call("unshare", CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        privileges.die_with_parent(signal.SIGKILL)
        return
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
    os.closerange(3, _HIGH_FD)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


class ConfinedForks:
    """The keepers of one fork server.

    Args:
        orders: What is done to every kernel.
        folder: The server's folder.
        owner: Whom its control groups belong to; see `control_groups.mark`.
    """

    def __init__(self, orders: Confinement, folder: str, owner: str) -> None:
        readable = tuple(new_root.outermost((*new_root.python_places(), *orders.readable)))
        self._orders = orders = replace(orders, readable=readable)
        self._count = 0
        self._own_pids: int | None = None
        self._groups = ControlGroups.create(owner) if orders.control_groups else None
        self._group_of: dict[int, str] = {}
        self._group = ""
        if orders.own_namespaces:
            call("unshare", CLONE_NEWNS)
            scratch = os.path.join(folder, "root")
            os.mkdir(scratch)
            new_root.enter_new_root(scratch, readable)
            self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            os.environ.update(_environment(Places.of(orders, folder)))  # the same for all kernels
        if orders.seccomp:
            seccomp_filter.build(own_network=orders.own_namespaces)  # once for all kernels
        privileges.hide_memory()
        self.enter_next_group()

    def fork(self) -> tuple[int, ...]:
        """Forks a keeper and, where it is a program of its own, the kernel's process.

        Returns:
            The numbers of the new children, the keeper's first; nothing in the forked process.
        """
        if self._groups is not None and not self._group:
            self.enter_next_group()
        self._count += 1
        if self._own_pids is None:
            pid = os.fork()
            born: tuple[int, ...] = (pid,) if pid else ()
        else:
            born = self._fork_into_namespace()
        if born:
            self._group_of[born[0]], self._group = self._group, ""
        return born

    def enter_next_group(self) -> None:
        """Moves the server into the control group in which the next kernel is then born.

        A move may have to wait some milliseconds for all processors, so it is not done while a start waits.
        """
        if self._groups is not None and not self._group:
            group = f"k{self._count + 1}"
            # One more for the keeper.
            join(self._groups.add(group, self._orders.memory, self._orders.processes + 1))
            self._group = group

    def ended(self, pid: int) -> None:
        """Called when a keeper was collected."""
        group = self._group_of.pop(pid, None)
        if self._groups is not None and group is not None:
            self._groups.remove(group)

    def close(self) -> None:
        """Called when every keeper is dead."""
        if self._groups is not None:
            self._groups.close()

    def _fork_into_namespace(self) -> tuple[int, ...]:
        assert self._own_pids is not None
        call("unshare", CLONE_NEWPID)
        first, pid = 0, -1
        try:
            first = first_process.start()
            pid = os.fork()
        finally:
            if pid != 0:
                call("setns", self._own_pids, CLONE_NEWPID)
            if first and pid < 0:
                os.kill(first, signal.SIGKILL)
        return (first, pid) if pid else ()

    def become_confined(self, places: Places, report: Report, run: Callable[[], NoReturn]) -> NoReturn:
        """Done by the forked process, in its own session and with its descriptors in place.

        Args:
            places: The folders of the kernel.
            report: Tells the host who owns the folders, with descriptors of the workspace, of `run` and of
                the kernel's process.
            run: Runs the kernel; never returns.
        """
        orders, uid = self._orders, self._uid()

        def become_kernel() -> NoReturn:
            _furnish_and_report(orders, places, uid, report)
            confine(orders, places, uid)
            if not orders.own_namespaces:
                os.environ.update(_environment(places))
            os.chdir(places.workspace)
            run()

        if orders.own_namespaces:
            become_kernel()
        # It has to end what lives below before it ends itself.
        privileges.die_with_parent(signal.SIGTERM)
        keep(become_kernel)

    def _uid(self) -> int:
        if self._orders.uids is None:
            return os.geteuid()
        first, count = self._orders.uids
        return first + self._count % count


def _close_all(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
    fds.clear()


def _furnish_and_report(orders: Confinement, places: Places, uid: int, report: Report) -> None:
    try:
        furnish(orders, places, uid)
        held = [os.open(path, _FOLDER) for path in (places.workspace, places.run)]
        held.append(os.pidfd_open(os.getpid()))
    except OSError as error:
        report({"error": str(error)}, [])
        os._exit(1)
    report({"owner": [uid, uid if orders.uids else os.getegid()]}, held)
    _close_all(held)


def _environment(places: Places) -> dict[str, str]:
    return cache_places(places.temporary) | {
        "HOME": places.workspace,
        "TMPDIR": places.temporary,
        "IPYTHONDIR": f"{places.run}/ipython",
        "USER": "agent",
        "LOGNAME": "agent",
    }
