"""Process 1 of a slot's sandbox: forks one process after the other for submissions, and leaves no trace.

It never compiles, imports or runs anything of a submission, and it knows no test. At the end of each process
it kills everything in its PID namespace at once, collects it, and empties the folders; only then it answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import mmap
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from ...kernels.inside.keeper import children_of
from ..conversation import candidate_service
from . import anonymous_file, compiler, script, stages
from .control import close_all, receive, send
from .folders import LeftoverError
from .forked import fork
from .walls import SCRIPT, SlotOrders, Walls

_HIGH_FD = 100
_MOST_FDS = 1 << 16
_MOST_SOURCE = 1 << 28
_SWEEP_SECONDS = 5.0
_POLL_SECONDS = 0.002
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "agent",
    "LOGNAME": "agent",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def live(control: socket.socket, orders: SlotOrders) -> NoReturn:
    """The life of the process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # where submissions have its uid
        zygote = _Zygote(control, orders)
        send(control, {"ready": True})
        zygote.serve()
    except BaseException:  # noqa: BLE001 - the boundary of the process
        with contextlib.suppress(OSError):
            send(control, {"fault": traceback.format_exc()[-2000:]})
    finally:
        os._exit(0)


class _Zygote:
    def __init__(self, control: socket.socket, orders: SlotOrders) -> None:
        self._control = control
        self._orders = orders
        self._walls = Walls(orders)
        self._source = b""
        self._compiled: int | None = None
        self._compiler = ""
        # What a child tells before it runs anything of the submission; it lets go of it then.
        self._stage = mmap.mmap(-1, mmap.PAGESIZE)
        self._streams = script.Streams()
        self._standing = _standing()
        self._set_surroundings()

    def serve(self) -> None:
        """Answers requests until the other side is gone."""
        while True:
            request, fds = receive(self._control)
            if request is None:
                return
            try:
                answer = self._handle(request, fds)
            except LeftoverError as error:
                answer = {"odd": str(error)}
            finally:
                close_all(fds)
            if answer is not None:
                send(self._control, {"id": request["id"], **answer})

    def _handle(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any] | None:
        match request["op"]:
            case "serve":
                self._fork(lambda: self._serve_calls(fds, request["cpu_seconds"]))
                return None
            case "stage":
                return {"stage": self._stage[0]}
            case "program":
                self._forget_program()
                return self._take_program(fds, request)
            case "run":
                run = self._run_binary if self._compiler else self._run_script
                return self._run(fds, request, run)
        peak = self._end_everything()
        self._forget_program()
        self._restore()
        return {"peak": peak}

    def _take_program(self, fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
        self._source, self._compiled = anonymous_file.read(fds[0], _MOST_SOURCE), anonymous_file.create()
        self._compiler = request["compiler"]
        if self._compiler:
            return self._run(fds[1:], request, self._compile)
        self._walls.folders.put_script(self._source)
        return {}

    def _fork(self, become: Callable[[], NoReturn]) -> int:
        self._stage[0] = stages.NOTHING
        self._walls.folders.lend()
        uid = self._walls.next_uid()

        def start() -> None:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._uid = uid
            become()

        return fork(start)

    def _serve_calls(self, fds: list[int], cpu_seconds: int) -> NoReturn:
        channel, *answers = _place(fds, first=3)
        self._walls.close_around(self._uid, cpu_seconds)
        self._note_start()
        gc.enable()
        candidate_service.serve(socket.socket(fileno=channel), answers[0] if answers else None)
        os._exit(0)

    def _run_script(self, fds: list[int], cpu_seconds: int) -> NoReturn:
        assert self._compiled is not None
        (compiled,) = _place([*fds, self._compiled], first=0)[3:]
        self._walls.close_around(self._uid, cpu_seconds)
        self._stage[0] = stages.CONFINED
        self._streams.install()
        path = self._walls.script
        try:
            code = script.load(self._source, compiled, path)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            self._stage[0] = stages.REFUSED
            script.refuse(error)
        os.close(compiled)
        sys.path.insert(0, self._walls.places.workspace)
        script.run(code, path, self._note_start, collect=b"__del__" in self._source)

    def _note_start(self) -> None:
        self._stage[0] = stages.STARTED
        self._stage.close()

    def _compile(self, fds: list[int], cpu_seconds: int) -> NoReturn:
        _place(fds, first=0)
        self._walls.close_around(self._uid, cpu_seconds)
        self._note_start()
        compiler.compile_source(self._compiler, self._source)

    def _run_binary(self, fds: list[int], cpu_seconds: int) -> NoReturn:
        assert self._compiled is not None
        (binary,) = _place([*fds, self._compiled], first=0)[3:]
        self._walls.close_around(self._uid, cpu_seconds)
        self._note_start()
        compiler.run_binary(binary)

    def _run(
        self, fds: list[int], request: dict[str, Any], become: Callable[[list[int], int], NoReturn]
    ) -> dict[str, Any]:
        """Runs one process to its end, and the end of all that it started."""
        start = time.monotonic()
        pid = self._fork(lambda: become(fds, request["cpu_seconds"]))
        in_time = self._wait(pid, start + request["seconds"])
        seconds = time.monotonic() - start
        if self._orders.alone:
            _kill_everything()
        else:
            _kill(pid)
        _, status, usage = os.wait4(pid, 0)
        answer: dict[str, Any] = {
            "code": os.waitstatus_to_exitcode(status) if in_time else None,
            "stage": self._stage[0],
            "seconds": seconds,
            "peak": usage.ru_maxrss << 10,
        }
        try:
            self._end_everything()
            if become == self._compile and answer["code"] == 0:
                self._keep_binary()
            self._restore()
        except LeftoverError as error:
            answer["odd"] = str(error)
        return answer

    def _wait(self, pid: int, deadline: float) -> bool:
        """Whether a child ends in time; another message is a wish to end it now."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        try:
            if handle >= 0:
                poll.register(handle, select.POLLIN)
            while (left := deadline - time.monotonic()) > 0:
                ready = poll.poll(1000 * (left if handle >= 0 else min(left, _POLL_SECONDS)))
                if any(fd == self._control.fileno() for fd, _ in ready):
                    return False
                if ready or (handle < 0 and _has_ended(pid)):
                    return True
            return False
        finally:
            if handle >= 0:
                os.close(handle)

    def _keep_binary(self) -> None:
        assert self._compiled is not None
        path = os.path.join(self._walls.places.workspace, compiler.BINARY)
        with open(path, "rb", opener=_no_link) as binary:
            while part := binary.read(1 << 20):
                os.write(self._compiled, part)
        readable = os.open(f"/proc/self/fd/{self._compiled}", os.O_RDONLY | os.O_CLOEXEC)
        os.fchmod(self._compiled, 0o755)
        os.close(self._compiled)
        self._compiled = readable

    def _end_everything(self) -> int:
        """Kills and collects all that is left; returns the most memory that one of them had."""
        peak = 0
        end = time.monotonic() + _SWEEP_SECONDS
        while True:
            if self._orders.alone:
                _kill_everything()
            else:
                for pid in children_of(os.getpid()):
                    _kill(pid)
            try:
                pid, _, usage = os.wait4(-1, 0 if self._orders.alone else os.WNOHANG)
            except ChildProcessError:
                return peak
            peak = max(peak, usage.ru_maxrss << 10)
            if time.monotonic() > end:
                raise LeftoverError("processes were left behind")
            if pid == 0:
                time.sleep(0.0005)

    def _restore(self) -> None:
        """Brings the slot back to how it was; raises `LeftoverError` where that cannot be done."""
        self._walls.folders.clean()
        if self._orders.confinement.uids is None and _standing() != self._standing:
            raise LeftoverError("the priority of the slot was changed")

    def _forget_program(self) -> None:
        if self._compiled is not None:
            os.close(self._compiled)
        self._source, self._compiled = b"", None
        self._walls.folders.put_script(None)

    def _set_surroundings(self) -> None:
        places = self._walls.places
        os.chdir(places.workspace)
        os.environ.clear()
        os.environ.update(_ENVIRONMENT, HOME=places.workspace, TMPDIR=places.temporary)
        sys.argv = [SCRIPT]


def _kill_everything() -> None:
    if os.getpid() != 1:  # it would be the whole machine
        raise RuntimeError("only process 1 of a namespace may end everything else")
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _standing() -> object:
    """What a process of the same user may change of this one."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return os.getpriority(os.PRIO_PROCESS, 0), cores


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _place(fds: list[int], *, first: int) -> list[int]:
    """Puts descriptors at `first`, `first + 1`, … and closes all behind; returns where they are."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD) for fd in fds]
    for place, fd in enumerate(high, first):
        os.dup2(fd, place, inheritable=place < 3)
    os.closerange(first + len(fds), _MOST_FDS)
    return list(range(first, first + len(fds)))


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)
