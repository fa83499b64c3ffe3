"""A warm process that forks children on request: a new process in milliseconds, with its imports done.

The client talks to it over one socket pair. Nothing here blocks the event loop, every request has a deadline,
and whatever the server ever forked is gone when the server or its owner is.
"""

from __future__ import annotations

import array
import asyncio
import json
import os
import shutil
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..clean_environment import clean_environment
from ..inside import FOLDER, claimed_folder, fork_server_main
from ..inside.confinement import Confinement
from ..inside.sandbox import Places
from ..kernel_error import ForkServerError
from ..log_tail import last_lines
from .confined_child import ConfinedChild
from .confined_fork import ConfinedFork
from .fork_request import fork_request, with_stdio
from .forked_child import ForkedChild
from .peer_reach import require_reach
from .server_process import LocalServerProcess, ServerProcess

_CONNECT_SECONDS = 0.01


class ForkServer:
    """The client of one fork server. Make it with `start` or `connect`."""

    def __init__(self, process: ServerProcess, control: socket.socket, folder: Path) -> None:
        self.folder = folder
        """A private folder that lives exactly as long as the server."""
        self._process = process
        self._control = control
        self._ready = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[ForkedChild]] = {}
        self._reports: dict[int, asyncio.Future[tuple[list[int], list[int]]]] = {}
        self._children: dict[int, ForkedChild] = {}
        self._outbox: deque[tuple[bytes, list[int]]] = deque()
        self._next_id = 0
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control, self._on_readable)

    @classmethod
    async def start(
        cls,
        preload: Sequence[str] = (),
        *,
        warm_up: str | None = None,
        env: Mapping[str, str] | None = None,
        confinement: Confinement | None = None,
        timeout: float = 60.0,
    ) -> ForkServer:
        """Starts a server process and waits until it is warm.

        Args:
            preload: Modules to import once, for all children.
            warm_up: A target (see `fork`) that is called once with None before the first fork.
            env: Additions to its small environment; the host's variables, with their secrets, stay here.
            confinement: What is done to the kernels that `fork_confined` makes.
            timeout: Seconds until a server that is not ready is given up.

        Raises:
            ForkServerError: If the server does not come up.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        folder = _make_folder(confinement)
        options = {"fd": theirs.fileno(), "folder": str(folder), "preload": [*preload], "warm_up": warm_up}
        options["confinement"] = None if confinement is None else asdict(confinement)
        server: ForkServer | None = None
        try:
            with theirs:
                process = await _spawn(options, clean_environment(folder, env))
            server = cls(LocalServerProcess(process), ours, folder)
            async with asyncio.timeout(timeout):
                await server._ready
        except BaseException as error:
            problem = last_lines(folder / "stderr") or str(error) or type(error).__name__
            await _give_up(server, ours, folder)
            if isinstance(error, OSError | TimeoutError | ForkServerError):
                raise ForkServerError(f"the fork server did not start: {problem}") from error
            raise
        return server

    @classmethod
    async def connect(cls, address: Path, process: ServerProcess, folder: Path, timeout: float) -> ForkServer:
        """Connects to a server that listens, and waits until it is warm.

        Args:
            address: The Unix socket that it listens on; it may appear a little later.
            process: The server's process, which the client then owns.
            folder: A folder that lives as long as the server.
            timeout: Seconds until a server that is not ready is given up.

        Raises:
            ForkServerError: If it is not ready in time; the process and the folder are as before.
        """
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setblocking(False)
        server: ForkServer | None = None
        warm = False
        try:
            async with asyncio.timeout(timeout):
                await _connected(control, address)
                require_reach(control)
                server = cls(process, control, folder)
                await server._ready
                warm = True
        except (OSError, TimeoutError) as error:
            reason = str(error) or f"it took more than {timeout:g} s"
            raise ForkServerError(f"the fork server is not ready: {reason}") from error
        finally:
            if server is None:
                control.close()
            elif not warm:
                server._disconnect("the fork server was given up")
        return server

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the server can take requests."""
        return not self._closed and self._process.is_alive()

    async def fork(
        self,
        target: str,
        argument: object = None,
        *,
        fds: Sequence[int] = (),
        stdout: int | None = None,
        stderr: int | None = None,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> ForkedChild:
        """Forks a child in a session of its own.

        Args:
            target: `package.module:function`, `.module:function` for a module beside the server's own, or
                `/path/file.py:function`; called with `argument`.
            argument: Anything that JSON can carry, within about 100 kB.
            fds: Descriptors for the child, where they are 3, 4, … in this order. The caller keeps its own.
            stdout: Descriptor that becomes the child's standard output; `/dev/null` without.
            stderr: The same for standard error.
            cwd: Working directory.
            env: Additions to the environment.
            timeout: Seconds until the request is given up.

        Raises:
            ForkServerError: If the server is dead, refuses or is late.
        """
        passed, stdio = with_stdio(fds, stdout, stderr)
        request = fork_request(target, argument, stdio, cwd, env)
        return await self._answered(request, passed, timeout)

    async def fork_confined(self, wanted: ConfinedFork, places: Places) -> ConfinedChild:
        """Forks a keeper, which confines a process that calls the target; for a server with `confinement`.

        Raises:
            ForkServerError: If the server is dead, refuses or is late, or the walls cannot be put up.
        """
        passed, stdio = with_stdio(wanted.fds, wanted.stdout, wanted.stderr)
        request = fork_request(wanted.target, wanted.argument(places), stdio) | {"places": asdict(places)}
        report = self._reports[self._next_id + 1] = self._loop.create_future()
        keeper: ForkedChild | None = None
        taken = False
        try:
            async with asyncio.timeout(wanted.timeout):
                keeper = await self._answered(request, passed, wanted.timeout)
                owner, folders = await report
                taken = True
        except BaseException as error:
            if keeper is not None:
                keeper.kill()
            if isinstance(error, TimeoutError):
                raise ForkServerError(f"the keeper did not report within {wanted.timeout:g} s") from error
            raise
        finally:
            self._reports.pop(request["id"], None)
            if report.done() and not report.cancelled() and report.exception() is None and not taken:
                _close_all(report.result()[1])
        return ConfinedChild.from_report(keeper, owner, folders)

    async def _answered(self, request: dict[str, Any], fds: list[int], timeout: float) -> ForkedChild:
        """Posts a request and waits for its answer; a child that comes too late for the caller is killed."""
        self._next_id += 1
        request_id = request["id"] = self._next_id
        answer: asyncio.Future[ForkedChild] = self._loop.create_future()
        self._answers[request_id] = answer
        try:
            self._post(request, fds)
            await asyncio.wait([answer], timeout=timeout)
        except asyncio.CancelledError:
            if answer.done() and answer.exception() is None:
                answer.result().kill()
            raise
        finally:
            self._answers.pop(request_id, None)
        if not answer.done():
            raise ForkServerError(f"the fork server did not answer within {timeout:g} s")
        return answer.result()

    async def close(self) -> None:
        """Ends the server and everything it forked; idempotent."""
        self._disconnect("the fork server was closed")
        await self._process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _post(self, request: dict[str, Any], fds: list[int]) -> None:
        if not self.is_alive():
            raise ForkServerError("the fork server is dead")
        data = json.dumps(request).encode()
        if len(data) >= fork_server_main.MESSAGE_LIMIT:
            raise ForkServerError(f"the request has {len(data)} bytes; pass large data through a descriptor")
        # Descriptors are duplicated, since the caller may close its own before the socket takes the message.
        self._outbox.append((data, [os.dup(fd) for fd in fds]))
        self._flush()

    def _flush(self) -> None:
        while self._outbox:
            data, fds = self._outbox[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            try:
                self._control.sendmsg([data], rights)
            except BlockingIOError:
                self._loop.add_writer(self._control, self._flush)
                return
            except OSError:
                self._disconnect("the fork server is dead")
                return
            self._outbox.popleft()
            _close_all(fds)
        self._loop.remove_writer(self._control)

    def _on_readable(self) -> None:
        while not self._closed:
            try:
                data, ancillary, _, _ = self._control.recvmsg(
                    fork_server_main.MESSAGE_LIMIT, socket.CMSG_SPACE(4 * fork_server_main.MAX_FDS)
                )
            except BlockingIOError:
                return
            except OSError:
                data, ancillary = b"", []
            if not data:
                self._disconnect("the fork server died")
                return
            self._on_message(json.loads(data), fork_server_main.received_fds(ancillary))

    def _on_message(self, message: dict[str, Any], fds: list[int]) -> None:
        if "ready" in message:
            self._ready.set_result(None)
        elif "exited" in message:
            child = self._children.pop(message["exited"], None)
            if child is not None:
                child.settle(message["returncode"])
        elif "furnished" in message:
            self._on_report(message, fds)
        elif "error" in message:
            answer = self._answers.get(message["id"])
            if answer is not None and not answer.done():
                answer.set_exception(ForkServerError(message["error"]))
        else:
            child = ForkedChild(message["pid"], fds[0], self._send_signal, ends_all=message["ends_all"])
            self._children[message["pid"]] = child
            answer = self._answers.get(message["id"])
            if answer is None or answer.done():
                child.kill()
            else:
                answer.set_result(child)

    def _on_report(self, message: dict[str, Any], fds: list[int]) -> None:
        report = self._reports.get(message["furnished"])
        if report is None or report.done():
            _close_all(fds)
        elif "error" in message:
            report.set_exception(ForkServerError(f"the kernel cannot be confined: {message['error']}"))
        else:
            report.set_result((message["owner"], fds))

    def _send_signal(self, pid: int, number: int) -> bool:
        if not self.is_alive():
            return False
        self._post({"op": "signal", "pid": pid, "signal": int(number)}, [])
        return True

    def _disconnect(self, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._control)
        self._loop.remove_writer(self._control)
        self._control.close()
        for _, fds in self._outbox:
            _close_all(fds)
        self._outbox.clear()
        for answer in (self._ready, *self._answers.values(), *self._reports.values()):
            if not answer.done():
                answer.set_exception(ForkServerError(reason))
        for child in self._children.values():
            child.kill()
            child.settle(None)
        self._children.clear()


def _make_folder(confinement: Confinement | None) -> Path:
    folder = claimed_folder.make()
    if confinement is not None and confinement.uids is not None:
        folder.chmod(0o711)  # kernels under uids of their own must reach their folders in it
    return folder


async def _give_up(server: ForkServer | None, control: socket.socket, folder: Path) -> None:
    if server is not None:
        await server.close()
    control.close()
    shutil.rmtree(folder, ignore_errors=True)


async def _spawn(options: dict[str, Any], environment: dict[str, str]) -> asyncio.subprocess.Process:
    with Path(options["folder"], "stderr").open("wb") as stderr:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(FOLDER),
            "fork_server_main:main",
            json.dumps(options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=(options["fd"],),
            start_new_session=True,
            env=environment,
        )


async def _connected(control: socket.socket, address: Path) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            return await loop.sock_connect(control, str(address))
        except (FileNotFoundError, ConnectionRefusedError):  # not bound yet, or not listening yet
            await asyncio.sleep(_CONNECT_SECONDS)


def _close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
