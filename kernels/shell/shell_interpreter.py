"""An IPython shell in a forked process, spoken to over a socket that nobody else has."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

from ..interpreter import Cell
from ..kernel_error import ForkRefusedError, KernelClosedError, KernelStartError
from ..workspace import Workspace
from .family import Family
from .family_member import FamilyMember
from .shell_cell import ShellCell
from .shell_files import ShellFiles
from .shell_start import KernelForks, ShellSettings, start_shell
from .shell_wire import ShellWire

_FORK_SECONDS = 30.0
_STRAY_FRAMES = 64


class ShellInterpreter:
    """An `Interpreter` over a shell. Make it with `start`.

    Args:
        family: The processes that it shares a keeper with.
        member: Its own.
        wire: The connection, on which the shell has greeted.
        files: What it shows.
        output_limit: Characters of text output that are kept of a cell.
        path: The names that lead to its folder; empty for the first of a family.
    """

    def __init__(
        self,
        family: Family,
        member: FamilyMember,
        wire: ShellWire,
        files: ShellFiles,
        output_limit: int,
        path: list[str],
    ) -> None:
        self._family = family
        self._member = member
        self._wire = wire
        self._files = files
        self._output_limit = output_limit
        self._path = path
        self._workspace: Workspace = family.open_workspace(path) if path else family.open_first_workspace()
        self._poisoned = asyncio.Event()
        self._exit = asyncio.create_task(member.exited())
        self._cell: ShellCell | None = None
        self._fork: tuple[str, asyncio.Future[dict[str, Any]]] | None = None
        self._strays = 0
        self._closed = False
        wire.on_frame, wire.on_broken = self._on_frame, self._poison

    @classmethod
    async def start(
        cls, server: KernelForks, settings: ShellSettings, *, timeout: float = 30.0
    ) -> ShellInterpreter:
        """Forks a shell and returns when it has said hello.

        Args:
            server: A fork server that is warm for shells.
            settings: What the shell is told.
            timeout: Seconds until the process is given up.

        Raises:
            KernelStartError: If the interpreter does not come up.
        """
        family, wire, files = await start_shell(server, settings, timeout)
        member: FamilyMember | None = None
        try:
            member = family.join(wire.peer)
            return cls(family, member, wire, files, settings.output_limit, [])
        except BaseException:
            await _give_up(family, member, wire, files)
            raise

    @property
    def is_lost(self) -> bool:
        """Whether it is dead, or said something that cannot be trusted."""
        return self._poisoned.is_set() or not self.is_alive()

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._member.is_alive()

    def why_lost(self) -> str:
        """Why it was lost, if the host knows more than that."""
        spoke_nonsense = self._poisoned.is_set() and not self._wire.has_gone
        return "it said what no interpreter says" if spoke_nonsense else ""

    async def lost(self) -> None:
        """Returns as soon as it is lost."""
        poisoned = asyncio.ensure_future(self._poisoned.wait())
        try:
            await asyncio.wait([poisoned, self._exit], return_when=asyncio.FIRST_COMPLETED)
        finally:
            poisoned.cancel()

    def send(self, code: str, *, silent: bool = False) -> ShellCell:
        """Starts a cell; see `Interpreter.send`."""
        cell = self._cell = ShellCell(self._files, self._output_limit, self._poison)
        self._strays = 0
        self._wire.send({"op": "run", "id": cell.id, "code": code, "silent": silent})
        return cell

    def answer(self, cell: Cell, text: str) -> None:
        """Answers the question of a cell."""
        assert isinstance(cell, ShellCell)
        cell.resume()
        self._wire.send({"op": "reply", "question": cell.question, "text": text})

    async def interrupt(self) -> None:
        """Sends SIGINT; the shell ignores it when idle."""
        self._member.interrupt()

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace."""
        await asyncio.to_thread(self._workspace.write, path, data)

    async def read_file(self, path: str, *, limit: int) -> bytes:
        """Gets a file from the workspace."""
        return await asyncio.to_thread(self._workspace.read, path, limit)

    async def fork(self) -> ShellInterpreter:
        """Clones the idle interpreter with its state.

        Raises:
            ForkRefusedError: If it holds what a copy cannot share.
            KernelClosedError: If it dies meanwhile.
            KernelStartError: If the copy does not come up.
        """
        async with self._family.parting:
            self._family.pin()
            ours, theirs = socket.socketpair()
            wire, files = ShellWire(ours), ShellFiles()
            member: FamilyMember | None = None
            try:
                with theirs:
                    greeting = await self._asked_to_fork(wire, theirs, files)
                path = _path(greeting)
                member = self._family.join(wire.peer)
                return ShellInterpreter(self._family, member, wire, files, self._output_limit, path)
            except BaseException:
                wire.close()
                files.close()
                if member is not None:
                    member.kill()
                    self._family.forget(member)
                raise

    def kill(self) -> None:
        """Has it die at once."""
        self._member.kill()

    async def close(self) -> None:
        """Kills it and everything it started, and removes its files; idempotent."""
        if self._closed:
            return
        self._closed = True
        await self._family.leave(self._member, self._path)
        if self._cell is not None:
            self._cell.settle()
        self._wire.close()
        self._exit.cancel()
        self._files.close()
        self._workspace.close()

    async def _asked_to_fork(
        self, wire: ShellWire, theirs: socket.socket, files: ShellFiles
    ) -> dict[str, Any]:
        """Has the shell make a branch and waits for the branch's greeting."""
        name = os.urandom(8).hex()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._fork = name, answer
        self._wire.send(
            {"op": "fork", "id": name, "name": name},
            [theirs.fileno(), files.log, files.stdout, files.stderr],
        )
        try:
            async with asyncio.timeout(_FORK_SECONDS):
                told = await self._or_lost(answer)
                if "refused" not in told:
                    theirs.close()  # from now on its end is the end of the branch
                    told = await self._or_lost(wire.greeting)
        except TimeoutError as error:
            raise KernelStartError(f"the copy was not ready within {_FORK_SECONDS:g} s") from error
        finally:
            self._fork = None
        if "refused" in told:
            raise ForkRefusedError(f"the interpreter cannot be forked: {str(told['refused'])[:1000]}")
        return told

    async def _or_lost(self, awaited: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        """Waits, unless the interpreter or the branch dies first."""
        loss: asyncio.Future[Any] = asyncio.ensure_future(self.lost())
        either: list[asyncio.Future[Any]] = [awaited, loss]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loss.cancel()
        if awaited.cancelled():
            raise KernelStartError("the copy died while it started")
        if not awaited.done():
            raise KernelClosedError("the interpreter died while it was forked")
        return awaited.result()

    def _on_frame(self, frame: dict[str, Any]) -> None:
        name = frame.get("id")
        if self._cell is not None and name == self._cell.id:
            self._cell.take(frame)
        elif self._fork is not None and name == self._fork[0] and not self._fork[1].done():
            self._fork[1].set_result(frame)
        else:
            # A late word of an earlier cell is possible, a stream of them is not.
            self._strays += 1
            if self._strays > _STRAY_FRAMES:
                self._poison()

    def _poison(self) -> None:
        """What spoke nonsense once is not listened to again."""
        self._poisoned.set()
        self._wire.close()
        self._member.kill()


def _path(greeting: dict[str, Any]) -> list[str]:
    """The way to a copy's folder, of names that cannot lead anywhere else."""
    path = greeting.get("hello")
    if not isinstance(path, list) or not all(isinstance(name, str) and name.isalnum() for name in path):
        raise KernelStartError("the copy does not say where it lives")
    if not path:
        raise KernelStartError("the copy says that it lives where the original does")
    return path


async def _give_up(family: Family, member: FamilyMember | None, wire: ShellWire, files: ShellFiles) -> None:
    wire.close()
    await family.leave(member, [])
    files.close()
