"""The ladder of isolation: what was tried on this machine, from the strongest down, and what works.

Nothing is guessed: a level is available when a throw-away server confined a process that way and the process
could still do its work. Each level is tried once, however many ask for it at the same time on one event loop.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

from ..backend_options import BackendOptions, Isolation
from ..capabilities import IsolationLevel
from ..forking.confined_fork import ConfinedFork
from ..forking.fork_server import ForkServer
from ..inside import landlock, new_root, seccomp_filter
from ..inside.confinement import Confinement
from ..inside.control_groups import ControlGroups, mark
from ..inside.sandbox import Places
from ..kernel_error import ForkServerError, IsolationError
from ..resource_limits import ResourceLimits
from .own_uids import free_uids, strangers_may_read
from .rung import Rung

_SECONDS = 30.0
_REPORT_BYTES = 1 << 16
_BELOW = {
    Isolation.AUTO: (IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED, IsolationLevel.LIMITS),
    Isolation.NAMESPACES: (IsolationLevel.NAMESPACES,),
    Isolation.RESTRICTED: (IsolationLevel.RESTRICTED,),
    Isolation.LIMITS: (IsolationLevel.LIMITS,),
}


class Ladder:
    """The levels of one machine. Use `this_machine`, which remembers what was tried."""

    def __init__(self) -> None:
        self._tried: dict[IsolationLevel, Rung | str] = {}
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def choose(self, wanted: Isolation) -> Rung:
        """The strongest rung that is wanted and works.

        Raises:
            IsolationError: If a level was named that this machine does not give; the message says why.
        """
        problems: list[str] = []
        for level in _BELOW[wanted]:
            rung = await self.try_level(level)
            if isinstance(rung, Rung):
                return rung if not problems else _with_notes(rung, problems)
            problems.append(f"The level {level} is not available: {rung}.")
        hint = "isolation='auto' takes the strongest level that works, `replgym doctor` lists them"
        raise IsolationError(f"{' '.join(problems)} Choose another: {hint}.")

    async def try_level(self, level: IsolationLevel) -> Rung | str:
        """The rung of a level, or why there is none."""
        async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if level not in self._tried:
                self._tried[level] = await _try(level)
        return self._tried[level]


@functools.cache
def this_machine() -> Ladder:
    """The ladder of this machine, the same for all back ends of the process."""
    return Ladder()


async def _try(level: IsolationLevel) -> Rung | str:
    if not sys.platform.startswith("linux"):
        return f"only Linux has what it needs, and this is {sys.platform}"
    problems: list[str] = []
    for rung in _candidates(level):
        problem = await _problem_with(rung)
        if problem is None:
            return rung
        problems.append(problem)
    return "; ".join(dict.fromkeys(problems)) or "neither Landlock nor seccomp can be used"


def _candidates(level: IsolationLevel) -> list[Rung]:
    """The ways of reaching a level, the strongest first."""
    root = os.geteuid() == 0
    if level is IsolationLevel.LIMITS:
        return [Rung(level, _confinement(level, landlock=False, seccomp=False), root=root)]
    version, seccomp = landlock.abi(), _has_seccomp()
    if level is IsolationLevel.RESTRICTED and not (version or seccomp):
        return []
    found = []
    for uids in dict.fromkeys((free_uids(), None)):
        user_namespace = level is IsolationLevel.NAMESPACES and uids is None
        confinement = _confinement(
            level, landlock=version > 0, seccomp=seccomp, uids=uids, user_namespace=user_namespace
        )
        rung = Rung(level, confinement, version, root, notes=_notes(confinement, version, root))
        found.append(_with_control_groups(rung))
    return found


def _with_control_groups(rung: Rung) -> Rung:
    """The rung with limits by control groups, or a note why there are none."""
    if rung.confinement.user_namespace:
        return _with_notes(rung, ["Control groups need rights outside of the user namespace."])
    groups = control_groups_here()
    if isinstance(groups, str):
        return _with_notes(rung, [f"No control group can be made ({groups})."])
    return replace(rung, confinement=replace(rung.confinement, control_groups=True), control_groups=groups)


def control_groups_here() -> frozenset[str] | str:
    """What control groups can limit, found out by making some; or why nothing."""
    try:
        groups = ControlGroups.create(mark())
    except OSError as error:
        return error.strerror or str(error)
    try:
        for door in groups.add("probe", ResourceLimits().memory, ResourceLimits().processes):
            os.close(door)
        return groups.limits
    except OSError as error:
        return error.strerror or str(error)
    finally:
        groups.close()


def _confinement(
    level: IsolationLevel,
    *,
    landlock: bool,
    seccomp: bool,
    uids: tuple[int, int] | None = None,
    user_namespace: bool = False,
) -> Confinement:
    limits = ResourceLimits()
    installed = [*new_root.python_places(), os.__file__]
    from_the_root = level is not IsolationLevel.NAMESPACES
    return Confinement(
        level=level.value,
        memory=limits.memory,
        processes=limits.processes,
        file_size=limits.file_size,
        open_files=limits.open_files,
        workspace=limits.workspace,
        uids=uids,
        keep_reading=uids is not None and not strangers_may_read(installed, from_the_root=from_the_root),
        landlock=landlock,
        seccomp=seccomp,
        user_namespace=user_namespace,
    )


def _notes(confinement: Confinement, version: int, root: bool) -> tuple[str, ...]:
    notes = []
    if not version:
        notes.append("This machine has no Landlock (Linux 5.13 or later, in the list of active LSMs).")
    if not confinement.seccomp:
        notes.append("There is no table of system calls for this processor, so seccomp is not used.")
    if root and confinement.uids is None:
        notes.append("Interpreters run under root's uid, without capabilities: no other uid can be taken.")
    if confinement.keep_reading:
        notes.append(
            "Python is installed where only root may read; interpreters keep the capability to read there "
            "(CAP_DAC_READ_SEARCH), and Landlock confines what it reaches."
        )
    return tuple(notes)


def _has_seccomp() -> bool:
    try:
        seccomp_filter.build(own_network=True)
    except OSError:
        return False
    return Path("/proc/sys/kernel/seccomp").exists()


async def _problem_with(rung: Rung) -> str | None:
    """Confines a process this way; None if it could still work, else what went wrong."""
    try:
        server = await ForkServer.start(
            warm_up=".self_test:prepare", confinement=rung.confinement, timeout=_SECONDS
        )
        try:
            found = await _self_test(server, rung.orders(BackendOptions()))
        finally:
            await server.close()
    except ForkServerError as error:
        return str(error)
    if "problem" in found:
        return str(found["problem"])
    confinement = rung.confinement
    if rung.level is not IsolationLevel.LIMITS and not found["no_new_privileges"]:
        return "new privileges could not be forbidden"
    if confinement.seccomp and not found["seccomp"]:
        return "the seccomp filter is not in force"
    if confinement.uids is not None and found["uid"] == os.geteuid():
        return "another uid could not be taken"
    return None


async def _self_test(server: ForkServer, confinement: Confinement) -> dict[str, object]:
    ours, theirs = socket.socketpair()
    folder = server.folder / "self_test"
    folder.mkdir(mode=0o711)
    with ours, theirs:
        ours.setblocking(False)
        wanted = ConfinedFork(".self_test:run", lambda _: None, fds=[theirs.fileno()])
        child = await server.fork_confined(wanted, Places.of(confinement, str(folder)))
        child.close()
        theirs.close()
        said = b""
        try:
            async with asyncio.timeout(_SECONDS):
                while part := await asyncio.get_running_loop().sock_recv(ours, _REPORT_BYTES):
                    said += part
        except TimeoutError:
            return {"problem": "a confined process did not end its self-test"}
        finally:
            child.keeper.kill()
    if not said:
        return {"problem": "a confined process died at once"}
    found: dict[str, object] = json.loads(said)
    return found


def _with_notes(rung: Rung, notes: list[str]) -> Rung:
    return replace(rung, notes=(*notes, *rung.notes))
