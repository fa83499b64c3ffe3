"""The process behind `ForkServer`: imports once, then forks a warm child for every request.

It has one thread, so forking is safe, and it is a child subreaper, so nothing that a child starts can escape:
every child is a subreaper too, hence a process that turns up as a direct child without having been forked
here is the orphan of a dead child, and is killed. When the owner goes away (end of file on the control
socket, also after `kill -9`) every descendant and the folder of the server go with it.

It imports nothing of this project but modules of this folder: what is imported here is in every child.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from . import claimed_folder, control_groups
from .confined_forks import ConfinedForks, start_own_pid_namespace
from .confinement import Confinement
from .keeper import children_of
from .sandbox import Places, enter_user_namespace
from .system_calls import prctl

MESSAGE_LIMIT = 1 << 17
MAX_FDS = 16
FIRST_FD = 3
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_SWEEP_SECONDS = 2.0
_HIGH_FD = 200


def resolve(target: str) -> Callable[[Any], object]:
    """Imports `module:function`, `.module:function` of this folder, or `/path/to/file.py:function`."""
    module_name, _, function = target.rpartition(":")
    if module_name.endswith(".py"):
        module = _import_file(Path(module_name))
    else:
        module = importlib.import_module(module_name, __package__)
    found: Callable[[Any], object] = getattr(module, function)
    return found


def _import_file(path: Path) -> Any:
    name = f"_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot load {path}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


class Server:
    """Serves fork, signal and kill requests until the owner goes away."""

    def __init__(
        self, control: socket.socket, folder: Path, above_folder: int, forks: ConfinedForks | None
    ) -> None:
        self._control = control
        self._folder = folder
        self._above_folder = above_folder
        self._forks = forks
        self._children: set[int] = set()
        self._stop = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        for end in (self._wake_reader, self._wake_writer):
            end.setblocking(False)

    def serve(self) -> None:
        """Runs until the control socket ends or SIGTERM comes, then cleans up."""
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)
        self._send({"ready": os.getpid(), "folder": str(self._folder)})
        try:
            while not self._stop:
                ready, _, _ = select.select([self._control, self._wake_reader], [], [])
                if self._wake_reader in ready:
                    self._drain_wakeups()
                    self._reap()
                if self._control in ready and not self._serve_one():
                    break
        finally:
            self._end()

    def _on_term(self, *_: object) -> None:
        self._stop = True

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_reader.recv(4096):
                pass

    def _serve_one(self) -> bool:
        """Handles one request; False when the owner has gone."""
        try:
            room = socket.CMSG_SPACE(4 * MAX_FDS)
            data, ancillary, _, _ = self._control.recvmsg(MESSAGE_LIMIT, room, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return False
        if not data:
            return False
        fds = received_fds(ancillary)
        try:
            request = json.loads(data)
            if request["op"] == "fork":
                self._fork(request, fds)
            elif request["pid"] in self._children:
                _signal_group(request["pid"], request["signal"])
        finally:
            for fd in fds:
                os.close(fd)
        return True

    def _fork(self, request: dict[str, Any], fds: list[int]) -> None:
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            self._send(
                {"id": request["id"], "error": f"the fork server has {threads} threads; forking is unsafe"}
            )
            return
        try:
            born = self._born(request)
        except OSError as error:
            self._send({"id": request["id"], "error": f"fork failed: {error}"})
            return
        if not born:
            self._run_child(request, fds)
        self._children.update(born)
        pidfd = os.pidfd_open(born[0])
        try:
            # A keeper that is process 1 of a namespace takes with it all that lives there.
            self._send({"id": request["id"], "pid": born[0], "ends_all": len(born) > 1}, [pidfd])
        finally:
            os.close(pidfd)
        if self._forks is not None:
            with contextlib.suppress(OSError):  # tried again when it is needed, where it is told
                self._forks.enter_next_group()

    def _born(self, request: dict[str, Any]) -> tuple[int, ...]:
        """Forks: the numbers of the new children, nothing in the forked process."""
        if self._forks is not None and request.get("places") is not None:
            return self._forks.fork()
        pid = os.fork()
        return (pid,) if pid else ()

    def _run_child(self, request: dict[str, Any], fds: list[int]) -> NoReturn:
        """Turns the fork into a process of its own, which runs the target, or keeps one that does."""
        try:
            report = fcntl.fcntl(self._control, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
            self._control.detach()
            _become_child(request, fds)
            if self._forks is None or request.get("places") is None:
                os.close(report)
                _run_target(request)
            self._control = socket.socket(fileno=report)
            self._forks.become_confined(
                Places(**request["places"]),
                lambda message, fds: self._tell_owner({"furnished": request["id"], **message}, fds),
                lambda: _run_target(request),
            )
        except BaseException:  # noqa: BLE001 - the boundary of the process; the server's stack must not unwind
            traceback.print_exc()
        finally:
            os._exit(1)

    def _tell_owner(self, message: dict[str, Any], fds: list[int]) -> None:
        """Says the one thing that a child has to say."""
        self._send(message, fds)
        self._control.close()

    def _send(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self._control.sendmsg([json.dumps(message).encode()], rights)
        except OSError:
            self._stop = True

    def _reap(self) -> None:
        """Collects the dead, kills their orphans, and only then reports the deaths."""
        gone = self._collect()
        end = time.monotonic() + _SWEEP_SECONDS
        while time.monotonic() < end:
            orphans = children_of(os.getpid()) - self._children
            if not orphans:
                break
            for pid in orphans:
                _signal_group(pid, signal.SIGKILL, group=False)
            gone += self._collect()
            time.sleep(0.0005)
        for pid, code in gone:
            self._send({"exited": pid, "returncode": code})

    def _collect(self) -> list[tuple[int, int]]:
        gone: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return gone
            if pid == 0:
                return gone
            if pid in self._children:
                self._children.discard(pid)
                if self._forks is not None:
                    self._forks.ended(pid)
                gone.append((pid, os.waitstatus_to_exitcode(status)))

    def _end(self) -> None:
        """Kills every descendant until none is left, and removes the folder."""
        end = time.monotonic() + 10 * _SWEEP_SECONDS
        while (left := children_of(os.getpid())) and time.monotonic() < end:
            for pid in left:
                _signal_group(pid, signal.SIGKILL, group=pid in self._children)
            self._collect()
            time.sleep(0.0005)
        if self._forks is not None:
            self._forks.close()
        # By a descriptor, since a new root does not have its path.
        import shutil

        shutil.rmtree(self._folder.name, ignore_errors=True, dir_fd=self._above_folder)


def _signal_group(pid: int, number: int, *, group: bool = True) -> None:
    """Signals a process that is ours and not yet collected, and its process group."""
    if group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
            if number != signal.SIGKILL:
                return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def received_fds(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors that came with a message."""
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)


def _run_target(request: dict[str, Any]) -> NoReturn:
    """Runs the target and never returns."""
    code = 1
    try:
        resolve(request["target"])(request["argument"])
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - the boundary of the process; the server's stack must not unwind
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _become_child(request: dict[str, Any], fds: list[int]) -> None:
    parent = os.getppid()
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _place_fds(fds, request["stdio"])
    os.environ.update(request["env"])
    if request["cwd"] is not None:
        os.chdir(request["cwd"])
    if "tempfile" in sys.modules:
        vars(sys.modules["tempfile"])["tempdir"] = None
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _place_fds(fds: list[int], stdio: list[int]) -> None:
    """Puts the given descriptors at 3, 4, …, the streams at 0, 1, 2, and closes the rest."""
    null = os.open(os.devnull, os.O_RDWR)
    # Above every low number first, so that placing one descriptor cannot overwrite another.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in (*fds, null)]
    for number in range(3):
        index = stdio[number]
        os.dup2(high[index], number, inheritable=True)
    kept = [fd for index, fd in enumerate(high[:-1]) if index not in stdio]
    for place, fd in enumerate(kept):
        os.dup2(fd, FIRST_FD + place, inheritable=False)
    os.closerange(FIRST_FD + len(kept), max(high) + 1)


def _control(options: dict[str, Any]) -> socket.socket:
    """The socket to the owner: inherited, or the one connection that a path takes before it is removed.

    Raises:
        TimeoutError: If the owner does not connect.
    """
    if "fd" in options:
        os.set_inheritable(options["fd"], False)
        return socket.socket(fileno=options["fd"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(options["listen"])
        listener.listen(1)
        listener.settimeout(options["accept_seconds"])
        control, _ = listener.accept()
    os.unlink(options["listen"])
    control.setblocking(True)
    return control


def _take_own_namespaces(orders: Confinement) -> None:
    if orders.control_groups:
        control_groups.sweep()
    if orders.own_namespaces:
        if orders.user_namespace:  # without it there is no right to make the others
            enter_user_namespace()
        start_own_pid_namespace()


def main(options: dict[str, Any]) -> None:
    """Imports the preloads, warms up and serves."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    control = _control(options)
    folder = Path(options["folder"])
    if "fd" in options:
        claimed_folder.sweep(folder.parent)
        claimed_folder.claim(folder)
    orders = Confinement.parse(options["confinement"]) if options.get("confinement") else None
    owner = control_groups.mark()
    if orders is not None:
        _take_own_namespaces(orders)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in options["preload"]:
        importlib.import_module(name)
    if options["warm_up"]:
        resolve(options["warm_up"])(None)
    above = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    forks = None if orders is None else ConfinedForks(orders, str(folder), owner)
    gc.collect()
    gc.freeze()
    Server(control, folder, above, forks).serve()
