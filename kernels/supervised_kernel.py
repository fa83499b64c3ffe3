"""The kernel that all back ends share: deadlines, interrupts, deaths and replacements.

The host believes its own eyes: a cell's fate is decided by the clock, by the process and by well-formed
messages. An interpreter that cannot be trusted any more is killed and replaced, and the result says that the
variables are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from .capabilities import Capabilities
from .cell_result import CellResult, CellStatus
from .interpreter import Cell, Interpreter
from .kernel_error import KernelClosedError, KernelStartError

DEFAULT_FILE_LIMIT = 16 << 20
_STOP_ATTEMPTS = 2
_PROMPT_GRACE = 5.0
"""Seconds for a cell that waits at a prompt: it computes nothing, and a debugger has much to put away."""


class SupervisedKernel:
    """A `Kernel` over interpreters that come and go. Make it with `start`.

    Args:
        launch: Starts one fresh interpreter that has answered, or raises `KernelStartError`.
        capabilities: What the back end promises.
        setup: Code that runs silently in every fresh interpreter, also in a replacement.
        grace: Seconds that an interrupted cell has before it is killed.
        start_timeout: Seconds until a start is given up.
    """

    def __init__(
        self,
        launch: Callable[[], Awaitable[Interpreter]],
        capabilities: Capabilities,
        *,
        setup: str = "",
        grace: float = 1.0,
        start_timeout: float = 30.0,
    ) -> None:
        self._launch = launch
        self._capabilities = capabilities
        self._setup = setup
        self._grace = grace
        self._start_timeout = start_timeout
        self._lock = asyncio.Lock()
        self._closed = False
        self._state_lost = False
        self._replacements = 0
        self._interpreter: Interpreter | None = None
        self._loss: asyncio.Future[None] | None = None
        self._cell: Cell | None = None
        self._interrupted: Cell | None = None

    async def start(self) -> SupervisedKernel:
        """Starts the first interpreter and runs the set-up code.

        Raises:
            KernelStartError: If the interpreter does not come up or the set-up code fails.
        """
        await self._start_or_discard()
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the back end promises."""
        return self._capabilities

    @property
    def replacements(self) -> int:
        """How often the interpreter died or would not stop, and was replaced."""
        return self._replacements

    async def execute(self, code: str, *, timeout: float) -> CellResult:
        """Runs a cell; see `Kernel.execute`."""
        self._require_open()
        async with self._lock:
            self._require_open()
            await self._settle()
            if not self.is_alive():
                cause = self._interpreter.why_lost() if self._interpreter is not None else ""
                await self._replace()
                return self._report(CellResult(status=CellStatus.DIED, state_lost=True, cause=cause))
            cell = self._cell = self._current().send(code)
            return self._report(await self._follow(cell, timeout))

    async def reply(self, text: str, *, timeout: float) -> CellResult:
        """Answers the waiting cell; see `Kernel.reply`."""
        self._require_open()
        async with self._lock:
            self._require_open()
            cell = self._cell
            if cell is None or self._interpreter is None or not cell.asks:
                raise RuntimeError("no cell waits for input; call execute first")
            self._interpreter.answer(cell, text)
            return self._report(await self._follow(cell, timeout))

    async def interrupt(self) -> None:
        """Sends SIGINT to the running cell; does nothing when idle."""
        if self._cell is not None and self._interpreter is not None:
            self._interrupted = self._cell
            await self._interpreter.interrupt()

    async def restart(self) -> None:
        """Replaces the interpreter by a fresh one."""
        self._require_open()
        if self._interpreter is not None:
            self._interpreter.kill()
        async with self._lock:
            self._require_open()
            await self._renew()
            self._state_lost = False

    async def fork(self) -> SupervisedKernel:
        """Clones the interpreter with its state; see `Kernel.fork`."""
        self._require_open()
        async with self._lock:
            self._require_open()
            await self._settle()
            if not self.is_alive():
                raise KernelClosedError("the interpreter is dead; there is no state to fork")
            clone = await self._current().fork()
        twin = SupervisedKernel(
            self._launch,
            self._capabilities,
            setup=self._setup,
            grace=self._grace,
            start_timeout=self._start_timeout,
        )
        twin._adopt(clone)
        twin._state_lost = self._state_lost
        return twin

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace; see `Kernel.write_file`."""
        async with self._lock:
            self._require_open()
            await self._current().write_file(path, data)

    async def read_file(self, path: str, *, limit: int = DEFAULT_FILE_LIMIT) -> bytes:
        """Gets a file from the workspace; see `Kernel.read_file`."""
        async with self._lock:
            self._require_open()
            return await self._current().read_file(path, limit=limit)

    def is_alive(self) -> bool:
        """Whether the interpreter's process runs."""
        return self._interpreter is not None and self._interpreter.is_alive()

    async def close(self) -> None:
        """Kills the interpreter and everything it started; idempotent."""
        self._closed = True
        await self._discard()

    def _require_open(self) -> None:
        if self._closed:
            raise KernelClosedError("the kernel was closed")

    def _current(self) -> Interpreter:
        if self._interpreter is None:
            raise KernelClosedError("the kernel was closed")
        return self._interpreter

    def _report(self, result: CellResult) -> CellResult:
        """Adds the news, if it was not told yet, that the state was lost between two cells."""
        lost, self._state_lost = self._state_lost, False
        return replace(result, state_lost=True) if lost else result

    async def _follow(self, cell: Cell, timeout: float) -> CellResult:
        """Waits for the cell to end, to ask, to die or to overrun, and sees to the consequences."""
        if await self._decided(cell, timeout):
            if not cell.done:
                return cell.result(CellStatus.AWAITING_INPUT)
            self._cell = None
            return cell.result()
        self._require_open()
        if self._current().is_lost:
            cause = self._current().why_lost()
            await self._replace()
            return replace(cell.result(CellStatus.DIED, state_lost=True), cause=cause)
        stopped = await self._stop(cell)
        result = cell.result(CellStatus.TIMEOUT, state_lost=not stopped)
        if not stopped:
            await self._replace()
        return result

    async def _decided(self, cell: Cell, timeout: float) -> bool:
        """Whether the cell is over or asks; False at the deadline or when the interpreter is lost."""
        if cell.decided:
            return True
        assert self._loss is not None
        wait = asyncio.ensure_future(cell.wait())
        try:
            await asyncio.wait([wait, self._loss], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wait.cancel()
        return cell.decided

    async def _stop(self, cell: Cell) -> bool:
        """Interrupts a cell; True when it ended within the grace and the interpreter is sound."""
        grace = max(self._grace, _PROMPT_GRACE) if cell.asks else self._grace
        for _ in range(_STOP_ATTEMPTS):
            await self.interrupt()
            cell.withdraw()
            if await self._decided(cell, grace / _STOP_ATTEMPTS) and cell.done:
                self._cell = None
                return True
            if self._interpreter is None or self._interpreter.is_lost:
                break
        return False

    async def _settle(self) -> None:
        """Ends a cell that still waits for input or was left by a cancelled caller."""
        cell = self._cell
        if cell is None or not self.is_alive():
            self._cell = None
            return
        if self._interrupted is cell:  # a second signal now could hit the handling of the first
            await self._decided(cell, self._grace)
        if not cell.done and not await self._stop(cell):
            await self._replace()
            self._state_lost = True
        self._cell = self._interrupted = None

    async def _replace(self) -> None:
        """Renews an interpreter that died, or would not stop."""
        self._replacements += 1
        await self._renew()

    async def _renew(self) -> None:
        self._require_open()
        await self._discard()
        await self._start_or_discard()

    async def _start_or_discard(self) -> None:
        try:
            async with asyncio.timeout(self._start_timeout):
                self._adopt(await self._launch())
                await self._run_setup()
        except TimeoutError as error:
            await self._discard()
            raise KernelStartError(f"no kernel was ready within {self._start_timeout:g} s") from error
        except BaseException:
            await self._discard()
            raise
        if self._closed:
            await self._discard()
            raise KernelClosedError("the kernel was closed while it started")

    def _adopt(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._loss = asyncio.ensure_future(interpreter.lost())

    async def _run_setup(self) -> None:
        if not self._setup:
            return
        cell = self._current().send(self._setup, silent=True)
        ended = await self._decided(cell, self._start_timeout)
        result = cell.result()
        if not ended or result.error is not None:
            detail = result.error.traceback or result.error.value if result.error else "it did not end"
            raise KernelStartError(f"the set-up code failed: {detail}")

    async def _discard(self) -> None:
        """Gives up the interpreter; idempotent."""
        interpreter, self._interpreter = self._interpreter, None
        loss, self._loss = self._loss, None
        self._cell = None
        if loss is not None:
            loss.cancel()
        if interpreter is not None:
            await interpreter.close()
