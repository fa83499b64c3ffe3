"""The trusted process of one slot: takes jobs from the host, one after the other, and examines each.

Tests that bring programs are examined in a fork of this process, because programs may do anything to their
interpreter; the fork writes what it finds to a file. When an examination is done, or too late, or the host
gave up, this process has the sandbox cleared and hands everything to the host, with a word on the state of
the slot. It ends when the host closes the socket, and the sandbox ends with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import resource
import select
import shutil
import signal
import socket
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from ...kernels.inside import privileges
from ...kernels.inside.keeper import children_of
from ..examination.examiner import examine, fault
from ..examination.known_tests import KnownTests
from ..examination.test_runs import TestRun
from ..test_code.broken_tests_error import BrokenTestsError
from . import anonymous_file
from .control import close_all, receive, send
from .forked import fork
from .sandbox_client import SandboxClient
from .slot_protocol import ABORT, HEADER, LENGTH, line

_HOST_FD, _CONTROL_FD = 3, 4
_START_SECONDS = 20.0
_CLEAN_SECONDS = 10.0
_BOARD_LIMIT = 1 << 30
_OWN_REQUESTS = -1


def main(argument: dict[str, Any]) -> None:
    """Serves until the host closes the socket at descriptor 3; the sandbox is behind the one at 4.

    Args:
        argument: `examiner_memory` and `output`, both in bytes, and `folder`, which is made, for what test
            programs write.
    """
    privileges.hide_memory()
    server = _SlotServer(socket.socket(fileno=_HOST_FD), socket.socket(fileno=_CONTROL_FD), **argument)
    try:
        server.serve()
    except Exception as error:  # noqa: BLE001 - the boundary of the process; the host has to know why
        server.tell(line({"end": "died", "slot": "dead", "reason": f"{type(error).__name__}: {error}"}))


@dataclass(frozen=True, slots=True)
class _Job:
    tests: bytes
    orders: dict[str, Any]
    seconds: float
    grace: float


class _SlotServer:
    def __init__(
        self, host: socket.socket, control: socket.socket, examiner_memory: int, output: int, folder: str
    ) -> None:
        self._folder = folder
        os.mkdir(folder, stat.S_IRWXU)
        self._host = host
        self._control = control
        self._memory = examiner_memory
        self._output = output
        self._known_tests = KnownTests()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (examiner_memory, hard))

    def serve(self) -> None:
        """Takes jobs as long as the slot is clean."""
        found = self._hear(_START_SECONDS, lambda message: True)
        self.tell(line(found))
        clean = "ready" in found
        while clean and (job := self._next_job()) is not None:
            board, end = self._examine(job)
            state = {"end": end, **self._clean()}
            clean = state["slot"] == "clean"
            self.tell(board + line(state))

    def _next_job(self) -> _Job | None:
        try:
            while self._read(1) == ABORT:
                pass
            tests, rest, seconds, grace = HEADER.unpack(self._read(HEADER.size))
            return _Job(self._read(tests), pickle.loads(self._read(rest)), seconds, grace)
        except (EOFError, OSError):
            return None

    def _examine(self, job: _Job) -> tuple[bytes, str]:
        """The board, and how the examination ended."""
        try:
            tests = self._known_tests.run_of(job.tests)
        except BrokenTestsError as error:
            return line(fault(error)), "done"
        return self._examine_in_a_fork(tests, job) if tests.brings_code else self._examine_here(tests, job)

    def _examine_here(self, tests: TestRun, job: _Job) -> tuple[bytes, str]:
        """Examines; the kernel ends this process at once when the host gives up, and so the slot."""
        lines: list[bytes] = []
        fcntl.fcntl(self._host, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(self._host, fcntl.F_GETFL)
        fcntl.fcntl(self._host, fcntl.F_SETFL, flags | os.O_ASYNC)
        if select.select([self._host], [], [], 0)[0]:
            os._exit(0)
        try:
            self._run(tests, job, lambda message: lines.append(line(message)))
        except OSError as error:
            return b"", f"died: {error}"
        finally:
            fcntl.fcntl(self._host, fcntl.F_SETFL, flags)
        return b"".join(lines), "done"

    def _examine_in_a_fork(self, tests: TestRun, job: _Job) -> tuple[bytes, str]:
        board = anonymous_file.create()
        try:
            examiner = fork(lambda: self._examine_and_exit(tests, job, board))
            end = self._wait(examiner, time.monotonic() + job.seconds + job.grace)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(examiner, signal.SIGKILL)
            _, status = os.waitpid(examiner, 0)
            self._sweep()
            self._empty_folder()
            if not end:
                code = os.waitstatus_to_exitcode(status)
                end = "done" if code == 0 else f"died: the examiner ended with {code}"
            return anonymous_file.read(board, _BOARD_LIMIT), end
        finally:
            os.close(board)

    def _empty_folder(self) -> None:
        if os.listdir(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)
            os.makedirs(self._folder, stat.S_IRWXU, exist_ok=True)

    def _examine_and_exit(self, tests: TestRun, job: _Job, board: int) -> NoReturn:
        privileges.die_with_parent(signal.SIGKILL)
        os.setsid()
        os.chdir(self._folder)
        os.environ["TMPDIR"] = self._folder
        self._host.close()
        resource.setrlimit(resource.RLIMIT_AS, (self._memory, self._memory))
        self._run(tests, job, lambda message: _write(board, line(message)))
        os._exit(0)

    def _run(self, tests: TestRun, job: _Job, tell: Callable[[dict[str, object]], None]) -> None:
        orders = {"time_limit": job.seconds, **job.orders}
        candidates = SandboxClient(
            self._control,
            seconds=job.seconds,
            compile_seconds=orders.pop("compile_seconds"),
            output=self._output,
        )
        with contextlib.closing(candidates):
            examine(tests, orders, candidates, tell)

    def _wait(self, examiner: int, deadline: float) -> str:
        """Waits for the examiner; returns why it has to be ended, if it has."""
        poll = select.poll()
        poll.register(self._host, select.POLLIN)
        handle = os.pidfd_open(examiner)
        try:
            poll.register(handle, select.POLLIN)
            ready = poll.poll(1000 * max(0.0, deadline - time.monotonic()))
        finally:
            os.close(handle)
        if any(fd == handle for fd, _ in ready):
            return ""
        return "given_up" if ready else "late"

    def _clean(self) -> dict[str, Any]:
        """Has the sandbox cleared; returns the state of the slot."""
        try:
            send(self._control, {"op": "clean", "id": _OWN_REQUESTS})
            found = self._hear(_CLEAN_SECONDS, lambda message: message.get("id") == _OWN_REQUESTS)
        except OSError as error:
            found = {"fault": f"the sandbox died: {error}"}
        if "peak" in found:
            return {"slot": "clean", "peak": found["peak"]}
        return {"slot": "odd" if "odd" in found else "dead", "reason": found.get("odd") or found["fault"]}

    def _hear(self, seconds: float, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message of the sandbox that is wanted."""
        deadline = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self._control], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return {"fault": "the sandbox does not answer"}
            message, fds = receive(self._control)
            close_all(fds)
            if message is None:
                return {"fault": "the sandbox died"}
            if "fault" in message or wanted(message):
                return message

    def _sweep(self) -> None:
        """Ends what a test program has left running."""
        end = time.monotonic() + _CLEAN_SECONDS
        while (left := children_of(os.getpid())) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _read(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._host.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(data)

    def tell(self, content: bytes) -> None:
        """Sends the host a board."""
        with contextlib.suppress(OSError):
            self._host.sendall(LENGTH.pack(len(content)) + content)


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
