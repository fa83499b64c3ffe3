"""The default interpreter: a real ipykernel in a process of its own.

The host believes its own eyes: a cell's fate is decided by the clock, by the process and by well-formed
messages. Whatever cannot be trusted any more is killed and replaced, and the result says that the variables
are gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

from .cell_result import CellResult, CellStatus
from .kernel_channels import Channel, KernelChannels
from .kernel_error import KernelClosedError, KernelStartError
from .launcher import KernelOptions, KernelProcess, Launcher
from .running_cell import RunningCell, died
from .wire import Message

_PROBE_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_CHANNEL_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}


class JupyterKernel:
    """A `Kernel` over ipykernel. Make it with `start`."""

    def __init__(
        self,
        launcher: Launcher,
        *,
        setup: str = "",
        output_limit: int = 1 << 16,
        grace: float = 1.0,
        start_timeout: float = 30.0,
    ) -> None:
        self._launcher = launcher
        self._setup = setup
        self._output_limit = output_limit
        self._grace = grace
        self._start_timeout = start_timeout
        self._lock = asyncio.Lock()
        self._closed = False
        self._state_lost = False
        self._folder: Path | None = None
        self._process: KernelProcess | None = None
        self._channels: KernelChannels | None = None
        self._exit: asyncio.Task[None] | None = None
        self._cell: RunningCell | None = None
        self._poisoned = asyncio.Event()

    @classmethod
    async def start(
        cls,
        launcher: Launcher,
        *,
        setup: str = "",
        output_limit: int = 1 << 16,
        grace: float = 1.0,
        start_timeout: float = 30.0,
    ) -> JupyterKernel:
        """Starts an interpreter and returns when it has answered.

        Args:
            launcher: How the process comes to be; it outlives the kernel.
            setup: Code that runs silently in every fresh interpreter, also in a replacement.
            output_limit: Characters of text output that are kept of a cell.
            grace: Seconds that an interrupted cell has before it is killed.
            start_timeout: Seconds until a start is given up.

        Raises:
            KernelStartError: If the interpreter does not come up or the set-up code fails.
        """
        kernel = cls(
            launcher, setup=setup, output_limit=output_limit, grace=grace, start_timeout=start_timeout
        )
        await kernel._start_or_discard()
        return kernel

    async def execute(self, code: str, *, timeout: float) -> CellResult:
        """Runs a cell; see `Kernel.execute`."""
        self._require_open()
        async with self._lock:
            self._require_open()
            await self._settle()
            if not self.is_alive():
                await self._replace()
                return self._report(died())
            cell = self._send_cell(code, silent=False)
            return self._report(await self._follow(cell, timeout))

    async def reply(self, text: str, *, timeout: float) -> CellResult:
        """Answers the waiting cell; see `Kernel.reply`."""
        self._require_open()
        async with self._lock:
            self._require_open()
            cell, channels = self._cell, self._channels
            if cell is None or channels is None or cell.request is None:
                raise RuntimeError("no cell waits for input; call execute first")
            header = cell.request.header
            cell.resume()
            if self.is_alive():
                channels.send(Channel.STDIN, "input_reply", {"value": text}, header)
            return self._report(await self._follow(cell, timeout))

    async def interrupt(self) -> None:
        """Sends SIGINT to the running cell; ipykernel ignores it when idle."""
        if self._cell is not None and self._process is not None:
            self._process.signal_group(signal.SIGINT)

    async def restart(self) -> None:
        """Replaces the interpreter by a fresh one."""
        self._require_open()
        if self._process is not None:
            self._process.kill()
        async with self._lock:
            self._require_open()
            await self._replace()
            self._state_lost = False

    async def fork(self) -> JupyterKernel:
        """Not possible with a Jupyter kernel.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a Jupyter kernel cannot be forked; no back end can yet")

    def is_alive(self) -> bool:
        """Whether the interpreter's process runs."""
        return self._process is not None and self._process.is_alive()

    async def close(self) -> None:
        """Kills the interpreter and everything it started; idempotent."""
        self._closed = True
        await self._discard()

    def _require_open(self) -> None:
        if self._closed:
            raise KernelClosedError("the kernel was closed")

    def _report(self, result: CellResult) -> CellResult:
        """Adds the news, if it was not told yet, that the state was lost between two cells."""
        lost, self._state_lost = self._state_lost, False
        if not lost or result.state_lost:
            return result
        return CellResult(
            status=result.status,
            outputs=result.outputs,
            error=result.error,
            duration=result.duration,
            truncated=result.truncated,
            state_lost=True,
            prompt=result.prompt,
        )

    def _send_cell(self, code: str, *, silent: bool) -> RunningCell:
        assert self._channels is not None
        cell = self._cell = RunningCell(self._output_limit, self._poisoned.set)
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": not silent,
            "stop_on_error": False,
        }
        cell.message_id = self._channels.send(Channel.SHELL, "execute_request", content)
        return cell

    async def _follow(self, cell: RunningCell, timeout: float) -> CellResult:
        """Waits for the cell to end, to ask, to die or to overrun, and sees to the consequences."""
        if await self._decided(cell, timeout):
            if not cell.done:
                return cell.result(CellStatus.AWAITING_INPUT)
            self._cell = None
            return cell.result()
        self._require_open()
        if self._is_lost():
            await self._replace()
            return cell.result(CellStatus.DIED, state_lost=True)
        stopped = await self._stop(cell)
        result = cell.result(CellStatus.TIMEOUT, state_lost=not stopped)
        if not stopped:
            await self._replace()
        return result

    async def _decided(self, cell: RunningCell, timeout: float) -> bool:
        """Whether the cell is over or asks; False at the deadline or when the interpreter is lost."""
        if cell.decided:
            return True
        assert self._exit is not None
        waits = [asyncio.ensure_future(cell.wait()), asyncio.ensure_future(self._poisoned.wait())]
        try:
            await asyncio.wait([*waits, self._exit], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return cell.decided and not self._poisoned.is_set()

    def _is_lost(self) -> bool:
        return self._poisoned.is_set() or not self.is_alive()

    async def _stop(self, cell: RunningCell) -> bool:
        """Interrupts a cell; True when it ended within the grace and the interpreter is sound."""
        for _ in range(2):
            await self.interrupt()
            cell.request = None
            if await self._decided(cell, self._grace / 2) and cell.done:
                self._cell = None
                return True
            if self._is_lost():
                break
        return False

    async def _settle(self) -> None:
        """Ends a cell that still waits for input or was left by a cancelled caller."""
        cell = self._cell
        if cell is None or not self.is_alive():
            self._cell = None
            return
        if not cell.done and not await self._stop(cell):
            await self._replace()
            self._state_lost = True
        self._cell = None

    async def _replace(self) -> None:
        self._require_open()
        await self._discard()
        await self._start_or_discard()

    async def _start_or_discard(self) -> None:
        try:
            async with asyncio.timeout(self._start_timeout):
                await self._boot()
        except TimeoutError as error:
            await self._discard()
            raise KernelStartError(f"no kernel was ready within {self._start_timeout:g} s") from error
        except BaseException:
            await self._discard()
            raise
        if self._closed:
            await self._discard()
            raise KernelClosedError("the kernel was closed while it started")

    async def _boot(self) -> None:
        folder = self._folder = await self._launcher.make_folder()
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
        options = KernelOptions(folder, connection_file, self._output_limit, work, private)
        self._process = await self._launcher.launch(options, self._start_timeout)
        self._exit = asyncio.create_task(self._process.exited())
        self._poisoned = asyncio.Event()
        self._channels = KernelChannels(
            self._launcher.context, connection, self._on_message, self._poisoned.set
        )
        await self._probe(self._channels)
        await self._run_setup()

    async def _probe(self, channels: KernelChannels) -> None:
        """Asks until the answer and its idle status come back: then every channel works."""
        for patience in (*_PROBE_SECONDS, *[_PROBE_SECONDS[-1]] * int(self._start_timeout)):
            cell = self._cell = RunningCell(self._output_limit, self._poisoned.set)
            cell.message_id = channels.send(Channel.SHELL, "kernel_info_request", {})
            if await self._decided(cell, patience):
                self._cell = None
                return
            if self._is_lost():
                raise KernelStartError("the kernel died while it started")
        raise KernelStartError("the kernel does not answer")

    async def _run_setup(self) -> None:
        if not self._setup:
            return
        cell = self._send_cell(self._setup, silent=True)
        ended = await self._decided(cell, self._start_timeout)
        self._cell = None
        result = cell.result()
        if not ended or result.error is not None:
            detail = result.error.traceback or result.error.value if result.error else "it did not end"
            raise KernelStartError(f"the set-up code failed: {detail}")

    def _on_message(self, channel: Channel, message: Message) -> None:
        if self._cell is not None and message.parent_id == self._cell.message_id:
            self._cell.take(channel, message)

    async def _discard(self) -> None:
        """Gives up the process, its sockets and its folder; idempotent."""
        process, self._process = self._process, None
        channels, self._channels = self._channels, None
        folder, self._folder = self._folder, None
        self._cell = None
        if channels is not None:
            channels.close()
        if process is not None:
            process.kill()
            with contextlib.suppress(TimeoutError):
                await process.wait(5.0)
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
