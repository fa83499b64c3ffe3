"""A container that serves one session after another: a fork server, and a workspace emptied in between.

What a session leaves is killed and deleted by a process that is forked for that from the server, which has
never run code of a session; unless that process says that nothing is left, the container is not used again.
"""

from __future__ import annotations

import array
import asyncio
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from ..forking.fork_server import ForkServer
from ..kernel_error import ForkServerError, IsolationError, KernelStartError
from .container import Container
from .container_process import ContainerProcess
from .container_settings import SHARED, ContainerSettings
from .docker_engine import DockerEngine

PROGRAMS = "inside"
_WORDS_SECONDS = 2.0
_STEP_SECONDS = 10.0
_OUR_WORDS = "replgym: "


class Slot:
    """One container. Make it with `start`."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server = server
        """Forks the sessions."""
        self.folder = folder
        """Shared with the container, where it is `SHARED`."""
        self.memory = 0
        """Bytes that its processes may use."""
        self.sessions = 0
        self.born = time.monotonic()
        self._workspace: int | None = None
        self._memory_events: int | None = None

    @classmethod
    async def start(cls, engine: DockerEngine, settings: ContainerSettings, home: Path) -> Slot:
        """Starts a container, and checks from inside that it is as closed as it was meant to be.

        Args:
            engine: Where it runs.
            settings: What it is made of.
            home: Where to make the folder that it shares; the programs that run inside lie there, in
                `PROGRAMS`.

        Raises:
            KernelStartError: If it does not come up; the message says why.
            IsolationError: If the engine did not do what it was told.
        """
        folder, token = _make_folder(home)
        name = f"replgym-{secrets.token_hex(8)}"
        slot: Slot | None = None
        try:
            container = await engine.run(
                name, settings.container(token), lambda docker: settings.host(folder, home / PROGRAMS, docker)
            )
            server = await _connected(engine, container, name, folder, settings.options.docker.start_timeout)
            slot = cls(server, folder)
            (folder / "control").chmod(0o555)
            await slot._take_stock(settings)
        except BaseException:
            await (engine.remove(name) if slot is None else slot.close())
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return slot

    def is_alive(self) -> bool:
        """Whether it can serve."""
        return self.server.is_alive()

    @property
    def workspace(self) -> int:
        """A descriptor of the workspace inside, for the caller to own."""
        if self._workspace is None:
            raise KernelStartError("the container is gone")
        return os.dup(self._workspace)

    def make_folder(self) -> Path:
        """Makes the folder of a session, in which the session can make sockets until it is sealed."""
        self.sessions += 1
        folder = self.folder / f"k{self.sessions}"
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def seen_from_inside(self, path: Path) -> str:
        """Where the container has a path of the shared folder."""
        return f"{SHARED}/{path.relative_to(self.folder)}"

    def memory_kills(self) -> int:
        """How many processes were killed here because memory ran out."""
        if self._memory_events is None:
            return 0
        try:
            found = re.search(rb"^oom_kill (\d+)", os.pread(self._memory_events, 4096, 0), re.MULTILINE)
        except OSError:
            return 0
        return int(found[1]) if found else 0

    async def wipe(self) -> bool:
        """Ends and deletes what the last session left; False when that is not certain."""
        for folder in self.folder.glob("k*"):
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        try:
            answer, _ = await self._ask("wipe")
        except (KernelStartError, OSError, TimeoutError):
            return False
        return answer == b"+" and not any(self.folder.glob("k*"))

    async def close(self) -> None:
        """Removes the container and its folder; idempotent."""
        for descriptor in (self._workspace, self._memory_events):
            if descriptor is not None:
                os.close(descriptor)
        self._workspace = self._memory_events = None
        await self.server.close()

    async def _ask(self, function: str) -> tuple[bytes, list[int]]:
        """Has the container do something of `slot_session`, and returns what it says."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        loop = asyncio.get_running_loop()
        with ours:
            ours.setblocking(False)
            with theirs:
                child = await self.server.fork(
                    f".slot_session:{function}", fds=[theirs.fileno()], timeout=_STEP_SECONDS
                )
            heard = asyncio.Event()
            loop.add_reader(ours, heard.set)
            try:
                async with asyncio.timeout(_STEP_SECONDS):
                    await heard.wait()
                    data, rights, _, _ = ours.recvmsg(1 << 16, socket.CMSG_SPACE(4 * 4))
                    await child.wait(_STEP_SECONDS)
            finally:
                loop.remove_reader(ours)
                child.kill()
        fds = array.array("i")
        for _, _, packed in rights:
            fds.frombytes(packed)
        return data, list(fds)

    async def _take_stock(self, settings: ContainerSettings) -> None:
        try:
            data, fds = await self._ask("introduce")
        except TimeoutError as error:
            raise KernelStartError("the container does not answer") from error
        if not fds:
            raise KernelStartError("the container does not pass its descriptors to the host")
        self._workspace = fds[0]
        self._memory_events = fds[1] if len(fds) > 1 else None
        self.memory = settings.options.limits.memory
        _require_closed(json.loads(data), settings)


def _make_folder(home: Path) -> tuple[Path, str]:
    folder = Path(tempfile.mkdtemp(prefix="s", dir=home))
    token = secrets.token_hex(16)
    (folder / "token").write_text(token)
    (folder / "token").chmod(0o444)
    (folder / "control").mkdir()
    (folder / "control").chmod(0o777)
    folder.chmod(0o755)
    return folder, token


async def _connected(
    engine: DockerEngine, container: Container, name: str, folder: Path, timeout: float
) -> ForkServer:
    """Connects to the server inside, unless the container ends before."""
    process = ContainerProcess(engine, name)
    connect = asyncio.ensure_future(
        ForkServer.connect(folder / "control" / "socket", process, folder, timeout)
    )
    words = asyncio.ensure_future(container.last_words())
    try:
        await asyncio.wait([connect, words], return_when=asyncio.FIRST_COMPLETED)
        if connect.done() and connect.exception() is None:
            return connect.result()
        # What went wrong stands in the output, which ends a moment later.
        await asyncio.wait([words], timeout=_WORDS_SECONDS)
        said = words.result() if words.done() else ""
        raise KernelStartError(_why(said, connect))
    finally:
        for task in (connect, words):
            task.cancel()
        await asyncio.wait([connect, words])
        container.forget_output()


def _why(said: str, connect: asyncio.Future[ForkServer]) -> str:
    if said.startswith(_OUR_WORDS):
        return f"the container cannot serve: {said.removeprefix(_OUR_WORDS)}"
    if said:
        return f"the container cannot serve: its Python ended with {said!r}; the image may be old or broken"
    error = connect.exception() if connect.done() else None
    if isinstance(error, ForkServerError):
        return f"the container cannot serve: {error}"
    return "the container ended as soon as it was started"


def _require_closed(facts: dict[str, Any], settings: ContainerSettings) -> None:
    """Compares what holds inside with what was asked for.

    Raises:
        IsolationError: If something is more open.
    """
    options, limits = settings.options.docker, settings.options.limits
    faults = [
        what
        for holds, what in (
            (facts["capabilities"] == 0, "dropping all capabilities"),
            (facts["no_new_privileges"], "no-new-privileges"),
            (facts["seccomp"], "the filter of system calls"),
            (facts["read_only"], "the read-only root"),
            (facts["interfaces"] in ([], ["lo"]), "the absence of a network"),
        )
        if not holds
    ]
    if not options.accept_missing_limits:
        # A kernel rounds memory to pages.
        if facts["memory"] is None or facts["memory"] > limits.memory:
            faults.append("the limit of memory")
        if facts["processes"] is None:
            faults.append("the limit of processes")
    if faults:
        raise IsolationError(
            f"the Docker engine did not apply {', '.join(faults)}; use the runtime runc of a current engine"
        )
