"""How the fork server makes confined kernels: each gets a keeper, and if possible a uid of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from . import new_root, privileges, seccomp_filter
from .confinement import Confinement
from .control_groups import ControlGroups, join
from .keeper import keep
from .sandbox import CLONE_NEWNS, CLONE_NEWPID, Places, confine, enter_user_namespace, furnish
from .system_calls import call

_HIGH_FD = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
Report = Callable[[dict[str, Any], list[int]], None]


def start_own_pid_namespace() -> None:
    """Goes on as process 1 of namespaces of its own, for a server that has no right to make others without.

    The calling process stays behind and waits; when it is killed, all that lives in the namespace dies.
    """
    enter_user_namespace()
    call("unshare", CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        privileges.die_with_parent(signal.SIGKILL)
        return
    os.closerange(3, _HIGH_FD)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


class ConfinedForks:
    """The keepers of one fork server.

    Args:
        orders: What is done to every kernel.
        folder: The server's folder.
    """

    def __init__(self, orders: Confinement, folder: str) -> None:
        readable = tuple(new_root.outermost((*new_root.python_places(), *orders.readable)))
        self._orders = orders = replace(orders, readable=readable)
        self._count = 0
        self._own_pids: int | None = None
        self._groups = ControlGroups.create() if orders.control_groups else None
        self._group_of: dict[int, str] = {}
        self._group = ""
        if orders.own_namespaces:
            call("unshare", CLONE_NEWNS)
            scratch = os.path.join(folder, "root")
            os.mkdir(scratch)
            new_root.enter_new_root(scratch, readable)
            self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        if orders.seccomp:
            seccomp_filter.build(own_network=orders.own_namespaces)  # once for all kernels
        privileges.hide_memory()
        self.enter_next_group()

    def fork(self) -> int:
        """Forks like `os.fork`, the child as process 1 of a PID namespace where the level has them."""
        if self._groups is not None and not self._group:
            self.enter_next_group()
        self._count += 1
        pid = self._fork()
        if pid != 0:
            self._group_of[pid], self._group = self._group, ""
        return pid

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

    def _fork(self) -> int:
        if self._own_pids is None:
            return os.fork()
        call("unshare", CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            self._return_to_own_pids()
            raise
        if pid != 0:
            self._return_to_own_pids()
        return pid

    def become_keeper(self, places: Places, report: Report, run: Callable[[], NoReturn]) -> NoReturn:
        """Done by the child, in its own session and with its descriptors in place.

        Args:
            places: The folders of the kernel.
            report: Tells the host who owns the folders, with descriptors of the workspace, of `run` and of
                the kernel's process.
            run: Runs the kernel; never returns.
        """
        orders, uid = self._orders, self._uid()
        # Without a PID namespace it has to end what lives below before it ends itself.
        privileges.die_with_parent(signal.SIGKILL if orders.own_namespaces else signal.SIGTERM)

        def become_kernel() -> NoReturn:
            # Not done by the keeper, whose memory stays small as long as it does nothing.
            _furnish_and_report(orders, places, uid, report)
            confine(orders, places, uid)
            os.environ.update(_environment(places))
            os.chdir(places.workspace)
            run()

        keep(become_kernel, alone=orders.own_namespaces)

    def _uid(self) -> int:
        if self._orders.uids is None:
            return os.geteuid()
        first, count = self._orders.uids
        return first + self._count % count

    def _return_to_own_pids(self) -> None:
        assert self._own_pids is not None
        call("setns", self._own_pids, CLONE_NEWPID)


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
    return {
        "HOME": places.workspace,
        "TMPDIR": places.temporary,
        "IPYTHONDIR": f"{places.run}/ipython",
        "USER": "agent",
        "LOGNAME": "agent",
    }
