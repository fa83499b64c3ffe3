"""A real ipykernel in a process of its own, spoken to over Unix sockets in a private folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..interpreter import Cell
from ..kernel_error import KernelStartError, UnsupportedError
from ..workspace import Workspace
from .jupyter_cell import JupyterCell
from .kernel_channels import KernelChannels
from .launcher import KernelOptions, KernelProcess, Launcher
from .wire import Channel, Message

_PROBE_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_CHANNEL_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
_CLOSE_SECONDS = 5.0
_LAST_WORDS_SECONDS = 0.05


class JupyterInterpreter:
    """An `Interpreter` over ipykernel. Make it with `start`."""

    def __init__(
        self,
        process: KernelProcess,
        launcher: Launcher,
        folder: Path,
        workspace: Workspace,
        output_limit: int,
    ) -> None:
        self._process = process
        self._launcher = launcher
        self._folder: Path | None = folder
        self._workspace = workspace
        self._output_limit = output_limit
        self._poisoned = asyncio.Event()
        self._exit = asyncio.create_task(process.exited())
        self._channels: KernelChannels | None = None
        self._cell: JupyterCell | None = None

    @classmethod
    async def start(
        cls,
        launcher: Launcher,
        *,
        output_limit: int = 1 << 16,
        seed: int | None = None,
        timeout: float = 30.0,
    ) -> JupyterInterpreter:
        """Starts an interpreter and returns when it has answered on every channel.

        Args:
            launcher: How the process comes to be; it outlives the interpreter.
            output_limit: Characters of text output that are kept of a cell.
            seed: Of the random state to start in.
            timeout: Seconds until the process is given up.

        Raises:
            KernelStartError: If the interpreter does not come up.
        """
        folder = await launcher.make_folder()
        interpreter: JupyterInterpreter | None = None
        try:
            options, connection = _prepare(folder, output_limit, seed)
            process = await launcher.launch(options, timeout)
            interpreter = cls(process, launcher, folder, launcher.open_workspace(options), output_limit)
            await interpreter._connect({**connection, "ip": launcher.address(options)}, timeout)
        except BaseException:
            if interpreter is not None:
                await interpreter.close()
            await launcher.remove_folder(folder)
            raise
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
        if self._channels is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    await self._channels.drained.wait()

    def why_lost(self) -> str:
        """What the host knows of why it was lost."""
        return self._process.why_lost()

    def send(self, code: str, *, silent: bool = False) -> JupyterCell:
        """Starts a cell; see `Interpreter.send`."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": not silent,
            "stop_on_error": False,
        }
        return self._request("execute_request", content, may_ask=not silent)

    def answer(self, cell: Cell, text: str) -> None:
        """Answers the question of a cell."""
        assert isinstance(cell, JupyterCell)
        assert cell.request is not None
        header = cell.request.header
        cell.resume()
        if self._channels is not None and self.is_alive():
            self._channels.send(Channel.STDIN, "input_reply", {"value": text}, header)

    async def interrupt(self) -> None:
        """Sends SIGINT; ipykernel ignores it when idle."""
        self._process.signal_group(signal.SIGINT)

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace."""
        await asyncio.to_thread(self._workspace.write, path, data)

    async def read_file(self, path: str, *, limit: int) -> bytes:
        """Gets a file from the workspace."""
        return await asyncio.to_thread(self._workspace.read, path, limit)

    async def fork(self) -> JupyterInterpreter:
        """Not possible: an ipykernel has threads and ZeroMQ sockets, which no fork survives.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("an ipykernel cannot be forked while it lives; use backend='fork'")

    def kill(self) -> None:
        """Has it die at once."""
        self._process.kill()

    async def close(self) -> None:
        """Kills it and everything it started, and removes its folder; idempotent."""
        channels, self._channels = self._channels, None
        folder, self._folder = self._folder, None
        if channels is not None:
            channels.close()
        self._process.kill()
        with contextlib.suppress(TimeoutError):
            await self._process.wait(_CLOSE_SECONDS)
        self._exit.cancel()
        self._workspace.close()
        if folder is not None:
            await self._launcher.remove_folder(folder)

    def _request(self, kind: str, content: dict[str, Any], *, may_ask: bool = False) -> JupyterCell:
        assert self._channels is not None
        if self._cell is not None:
            self._cell.abandon()
        cell = self._cell = JupyterCell(self._output_limit, self._poison, may_ask=may_ask)
        cell.message_id = self._channels.send(Channel.SHELL, kind, content)
        return cell

    async def _connect(self, connection: Mapping[str, Any], timeout: float) -> None:
        """Opens the channels and asks until the answer and its idle status come back: then all work."""
        channels = KernelChannels(connection, self._output_limit, self._on_message, self._poison)
        self._channels = channels
        try:
            await channels.open()
        except OSError as error:
            raise KernelStartError(f"the kernel does not listen: {error}") from error
        loss = asyncio.ensure_future(self.lost())
        try:
            for patience in (*_PROBE_SECONDS, *[_PROBE_SECONDS[-1]] * int(timeout)):
                cell = self._request("kernel_info_request", {})
                answer = asyncio.ensure_future(cell.wait())
                try:
                    await asyncio.wait([answer, loss], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    answer.cancel()
                if cell.decided:
                    return
                if self.is_lost:
                    raise KernelStartError("the kernel died while it started")
        finally:
            loss.cancel()
        raise KernelStartError("the kernel does not answer")

    def _on_message(self, channel: Channel, message: Message) -> None:
        if self._cell is not None and message.parent_id == self._cell.message_id:
            self._cell.take(channel, message)

    def _poison(self) -> None:
        """What spoke nonsense once is not listened to again."""
        self._poisoned.set()
        self._process.kill()


def _prepare(folder: Path, output_limit: int, seed: int | None) -> tuple[KernelOptions, dict[str, Any]]:
    """Lays out the folder of a kernel: its workspace and its connection file."""
    work = folder / "work"
    work.mkdir()
    connection = {
        "transport": "ipc",
        "ip": str(folder / "s"),
        "key": os.urandom(16).hex(),
        "signature_scheme": "hmac-sha256",
        **_CHANNEL_PORTS,
    }
    connection_file = folder / "connection.json"
    connection_file.write_text(json.dumps(connection))
    private = {"HOME": str(work), "TMPDIR": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    return KernelOptions(folder, connection_file, output_limit, work, private, seed), connection
