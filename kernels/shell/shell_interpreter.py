"""An IPython shell in a forked process, spoken to over a socket that nobody else has."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from ..forking.fork_server import ForkServer
from ..forking.forked_child import ForkedChild
from ..interpreter import Cell
from ..kernel_error import KernelStartError
from ..workspace import Workspace
from .shell_cell import ShellCell
from .shell_files import ShellFiles
from .shell_wire import ShellWire

_CLOSE_SECONDS = 5.0
_STRAY_FRAMES = 64


class ShellInterpreter:
    """An `Interpreter` over a shell. Make it with `start`."""

    def __init__(
        self,
        process: ForkedChild,
        wire: socket.socket,
        files: ShellFiles,
        folder: Path,
        workspace: Workspace,
        output_limit: int,
    ) -> None:
        self._process = process
        self._files = files
        self._folder: Path | None = folder
        self._workspace = workspace
        self._output_limit = output_limit
        self._poisoned = asyncio.Event()
        self._ready = asyncio.Event()
        self._exit = asyncio.create_task(process.exited())
        self._cell: ShellCell | None = None
        self._strays = 0
        self._wire = ShellWire(wire, self._on_frame, self._poison)

    @classmethod
    async def start(
        cls, server: ForkServer, folder: Path, *, output_limit: int, timeout: float = 30.0
    ) -> ShellInterpreter:
        """Forks a shell and returns when it has said hello.

        Args:
            server: A fork server that is warm for shells.
            folder: An empty folder for this interpreter, which it then owns.
            output_limit: Characters of text output that are kept of a cell.
            timeout: Seconds until the process is given up.

        Raises:
            KernelStartError: If the interpreter does not come up.
        """
        work = folder / "work"
        ours, theirs = socket.socketpair()
        files = ShellFiles()
        interpreter: ShellInterpreter | None = None
        try:
            work.mkdir()
            process = await server.fork(
                ".shell_process:run",
                {"output_limit": output_limit},
                fds=[theirs.fileno(), files.log, files.stdout, files.stderr],
                stdout=files.stdout,
                stderr=files.stderr,
                cwd=work,
                env=_environment(folder, work),
                timeout=timeout,
            )
            interpreter = cls(process, ours, files, folder, Workspace(work), output_limit)
            await interpreter._greeted(timeout)
        except BaseException:
            if interpreter is not None:
                await interpreter.close()
            ours.close()
            files.close()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        finally:
            theirs.close()
        return interpreter

    @property
    def is_lost(self) -> bool:
        """Whether it is dead, or said something that cannot be trusted."""
        return self._poisoned.is_set() or not self.is_alive()

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process.is_alive()

    async def lost(self) -> None:
        """Returns as soon as it is lost."""
        poisoned = asyncio.ensure_future(self._poisoned.wait())
        try:
            await asyncio.wait([poisoned, self._exit], return_when=asyncio.FIRST_COMPLETED)
        finally:
            poisoned.cancel()

    def why_lost(self) -> str:
        """What the host knows of why it was lost."""
        return "" if self._poisoned.is_set() else self._process.why_lost()

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
        self._process.signal_group(signal.SIGINT)

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace."""
        await asyncio.to_thread(self._workspace.write, path, data)

    async def read_file(self, path: str, *, limit: int) -> bytes:
        """Gets a file from the workspace."""
        return await asyncio.to_thread(self._workspace.read, path, limit)

    async def fork(self) -> ShellInterpreter:
        """Clones the idle interpreter with its state."""
        raise NotImplementedError

    def kill(self) -> None:
        """Has it die at once."""
        self._process.kill()

    async def close(self) -> None:
        """Kills it and everything it started, and removes its folder; idempotent."""
        folder, self._folder = self._folder, None
        if folder is None:
            return
        self._process.kill()
        with contextlib.suppress(TimeoutError):
            await self._process.wait(_CLOSE_SECONDS)
        if self._cell is not None:
            self._cell.settle()
        self._wire.close()
        self._exit.cancel()
        self._files.close()
        self._workspace.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _greeted(self, timeout: float) -> None:
        """Waits for the shell's first frame."""
        ready = asyncio.ensure_future(self._ready.wait())
        lost = asyncio.ensure_future(self.lost())
        try:
            await asyncio.wait([ready, lost], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            lost.cancel()
        if not self._ready.is_set():
            said = self._files.last_words(self._output_limit).outputs.outputs()
            detail = "".join(output.text for output in said).strip().splitlines()
            reason = "died while it started" if self.is_lost else f"said nothing within {timeout:g} s"
            raise KernelStartError(": ".join([f"the shell {reason}", *detail[-1:]]))

    def _on_frame(self, frame: dict[str, Any]) -> None:
        if not self._ready.is_set():
            self._ready.set()
        elif self._cell is not None and frame.get("id") == self._cell.id:
            self._cell.take(frame)
        else:
            # A late word of an earlier cell is possible, a stream of them is not.
            self._strays += 1
            if self._strays > _STRAY_FRAMES:
                self._poison()

    def _poison(self) -> None:
        """What spoke nonsense once is not listened to again."""
        self._poisoned.set()
        self._wire.close()
        self._process.kill()


def _environment(folder: Path, work: Path) -> dict[str, str]:
    return {
        "HOME": str(work),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
