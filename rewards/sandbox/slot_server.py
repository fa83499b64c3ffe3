"""The trusted process of one slot: takes jobs from the host, one after the other, and has each examined.

Each job is examined in a fork of this process, because test programs may do anything to their interpreter.
The fork writes what it finds to a file, a board; when it is done, or too late, or the host gave up, this
process clears the sandbox and hands the whole board to the host, with a word on the state of the slot. It
ends when the host closes the socket, and the sandbox ends with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from ...kernels.inside import privileges
from ...kernels.inside.keeper import children_of
from ..examiner import examine
from . import anonymous_file
from .control import close_all, receive, send
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
        argument: `examiner_memory` and `output`, both in bytes.
    """
    privileges.hide_memory()
    _SlotServer(socket.socket(fileno=_HOST_FD), socket.socket(fileno=_CONTROL_FD), **argument).serve()


class _SlotServer:
    def __init__(
        self, host: socket.socket, control: socket.socket, examiner_memory: int, output: int
    ) -> None:
        self._host = host
        self._control = control
        self._examiner_memory = examiner_memory
        self._output = output

    def serve(self) -> None:
        """Takes jobs."""
        found = self._hear(_START_SECONDS, lambda message: True)
        self._tell(line(found))
        while "ready" in found and (job := self._next_job()) is not None:
            board = anonymous_file.create()
            try:
                state = self._grade(job, board)
                del job
                self._tell(anonymous_file.read(board, _BOARD_LIMIT) + line(state))
            finally:
                os.close(board)
            if state["slot"] != "clean":
                return

    def _fork(self, become: Callable[[], object]) -> int:
        pid = os.fork()
        if pid != 0:
            return pid
        try:
            privileges.die_with_parent(signal.SIGKILL)
            become()
        except BaseException:  # noqa: BLE001 - the boundary of the process
            traceback.print_exc()
        finally:
            os._exit(1)

    def _next_job(self) -> tuple[bytes, bytes, float, float] | None:
        try:
            while self._read(1) == ABORT:
                pass
            tests, rest, seconds, grace = HEADER.unpack(self._read(HEADER.size))
            return self._read(tests), self._read(rest), seconds, grace
        except (EOFError, OSError):
            return None

    def _read(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._host.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(data)

    def _tell(self, content: bytes) -> None:
        with contextlib.suppress(OSError):
            self._host.sendall(LENGTH.pack(len(content)) + content)

    def _grade(self, job: tuple[bytes, bytes, float, float], board: int) -> dict[str, Any]:
        """Has a job examined; returns the state of the slot, and how the examination ended."""
        tests, rest, seconds, grace = job
        examiner = self._fork(lambda: self._examine(tests, rest, seconds, board))
        end = self._wait(examiner, time.monotonic() + seconds + grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(examiner, signal.SIGKILL)
        _, status = os.waitpid(examiner, 0)
        code = os.waitstatus_to_exitcode(status)
        self._sweep()
        try:
            send(self._control, {"op": "clean", "id": _OWN_REQUESTS})
            found = self._hear(_CLEAN_SECONDS, lambda message: message.get("id") == _OWN_REQUESTS)
        except OSError:
            found = {"fault": "the sandbox died"}
        slot = "clean" if "peak" in found else "odd" if "odd" in found else "dead"
        return {
            "end": end or ("done" if code == 0 else "died"),
            "slot": slot,
            "reason": str(found.get("odd") or found.get("fault") or f"the examiner ended with {code}"),
            "peak": found.get("peak", 0),
        }

    def _examine(self, tests: bytes, rest: bytes, seconds: float, board: int) -> NoReturn:
        os.setsid()
        self._host.close()
        memory = self._examiner_memory
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        job = {"tests": pickle.loads(tests), "time_limit": seconds, **pickle.loads(rest)}
        candidates = SandboxClient(self._control, seconds=seconds, output=self._output)
        examine(job, candidates, lambda message: _write(board, line(message)))
        os._exit(0)

    def _wait(self, examiner: int, deadline: float) -> str | None:
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
            return None
        return "given_up" if ready else "late"

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


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
