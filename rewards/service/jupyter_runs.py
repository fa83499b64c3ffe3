"""Runs what `/run_jupyter` is asked for, and puts the result in SandboxFusion's words.

A cell that fails does not keep the next one from running, as in SandboxFusion. What it does not do: keep an
interpreter for a session, heed the time of a single cell, and give what ran before the time was over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol

from ...kernels.backends import make_kernel_pool
from ...kernels.cell_result import CellResult, CellStatus, OutputKind
from ...kernels.kernel import Kernel
from ...kernels.kernel_error import KernelError, PoolSaturatedError, WorkspaceError
from ..programs import ProgramError
from .jupyter_sessions import JupyterSessions
from .sandbox_models import (
    CellRunResult,
    CommandRunResult,
    CommandRunStatus,
    RunJupyterRequest,
    RunJupyterResponse,
    RunStatus,
    SessionState,
    decoded_files,
    encoded_files,
)
from .service_settings import ServiceSettings
from .work_queue import QueueTimeoutError

_FETCHED_BYTES = 16 << 20
_OUTPUT_CHARACTERS = 1 << 20
_RETRY_SECONDS = 5


class JupyterRunner(Protocol):
    """Runs cells for `/run_jupyter`."""

    @property
    def count(self) -> int:
        """How many sessions are alive here."""
        ...

    async def run(self, request: RunJupyterRequest) -> RunJupyterResponse:
        """Runs cells.

        Raises:
            BadFileError: If a file is not base64.
            ProgramError: If a file cannot be put where it should be.
            QueueFullError: If there is no room for another session.
            QueueTimeoutError: If no interpreter came free in time.
        """
        ...

    async def close(self) -> None:
        """Ends everything that runs; idempotent."""
        ...


class JupyterRuns:
    """A `JupyterRunner` over a pool of kernels of its own.

    Args:
        settings: Where kernels come from, how many there may be and how long they live.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        # Single requests find room when all sessions are taken.
        self._pool = make_kernel_pool(
            settings.kernel_backend,
            size=settings.sessions + settings.workers,
            warm=1,
            isolation=settings.isolation,
            output_limit=_OUTPUT_CHARACTERS,
        )
        self._sessions = JupyterSessions(self._pool, settings)

    @property
    def count(self) -> int:
        """How many sessions are alive here."""
        return self._sessions.count

    async def run(self, request: RunJupyterRequest) -> RunJupyterResponse:
        """Runs cells; see `JupyterRunner.run`."""
        files = decoded_files(request.files)
        try:
            if request.session_id is not None:
                return await self._run_in_session(request, request.session_id, files)
            async with self._sessions.alone() as kernel:
                return await _Run(kernel, request, self._settings.longest_run_seconds).conduct(files)
        except (PoolSaturatedError, TimeoutError) as error:
            raise QueueTimeoutError("no interpreter came free in time", _RETRY_SECONDS) from error
        except KernelError as error:
            return RunJupyterResponse(
                status=RunStatus.SANDBOX_ERROR, message=f"{type(error).__name__}: {error}"
            )

    async def close(self) -> None:
        """Ends all sessions and kernels; idempotent."""
        await self._sessions.close()
        await self._pool.close()

    async def _run_in_session(
        self, request: RunJupyterRequest, name: str, files: dict[str, bytes]
    ) -> RunJupyterResponse:
        longest = self._settings.longest_run_seconds
        async with self._sessions.session(name, longest) as session:
            run = _Run(session.kernel, request, longest)
            response = await run.conduct(files)
            session.closing = request.close_session
            response.session = SessionState(
                session_id=name, created=session.created, state_lost=run.state_lost, closed=session.closing
            )
        return response


class _Run:
    """One request on one interpreter."""

    def __init__(self, kernel: Kernel, request: RunJupyterRequest, longest: float) -> None:
        self._kernel = kernel
        self._request = request
        self._total = min(request.total_timeout, longest)
        self._cells: list[CellRunResult] = []
        self.state_lost = False

    async def conduct(self, files: dict[str, bytes]) -> RunJupyterResponse:
        for path, data in files.items():
            try:
                await self._kernel.write_file(path, data)
            except WorkspaceError as error:
                raise ProgramError(str(error)) from error
        begin = time.monotonic()
        finished = await self._run_cells(begin + self._total)
        seconds = time.monotonic() - begin
        status = CommandRunStatus.FINISHED if finished else CommandRunStatus.TIME_LIMIT_EXCEEDED
        return RunJupyterResponse(
            status=RunStatus.SUCCESS if finished else RunStatus.FAILED,
            message=self._message(finished),
            driver=CommandRunResult(
                status=status,
                execution_time=seconds,
                return_code=0 if finished else None,
                stdout="",
                stderr="",
            ),
            cells=self._cells,
            files=encoded_files(await self._fetched()),
        )

    def _message(self, finished: bool) -> str:
        parts = [] if finished else [f"the cells took more than {self._total:g} s"]
        if self.state_lost:
            parts.append("the interpreter was restarted; all variables are lost")
        return "; ".join(parts)

    async def _run_cells(self, deadline: float) -> bool:
        """Runs one cell after the other; False when the time of all of them was over."""
        for cell in self._request.cells:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            own = self._request.cell_timeout
            timeout = min(own, left) if own else left
            result = await self._execute(cell, timeout)
            if result.status is CellStatus.AWAITING_INPUT:
                await self._kernel.interrupt()
            self.state_lost = self.state_lost or result.state_lost
            self._cells.append(_cell(result))
            if result.status is CellStatus.TIMEOUT and not (own and own < left):
                return False
        return True

    async def _execute(self, cell: str, timeout: float) -> CellResult:
        try:
            return await self._kernel.execute(cell, timeout=timeout)
        except asyncio.CancelledError:
            # The client has gone, and a session stays: its cell must not run on.
            await asyncio.shield(self._kernel.interrupt())
            raise

    async def _fetched(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        left = _FETCHED_BYTES
        for path in self._request.fetch_files:
            with contextlib.suppress(WorkspaceError):
                found[path] = await self._kernel.read_file(path, limit=left)
                left -= len(found[path])
        return found


def _cell(result: CellResult) -> CellRunResult:
    def stream(kind: OutputKind) -> str:
        return _clean("".join(output.text for output in result.outputs if output.kind is kind))

    shown = (OutputKind.RESULT, OutputKind.DISPLAY)
    cut = f"[{result.truncated} characters of output were cut]\n" if result.truncated else ""
    return CellRunResult(
        stdout=stream(OutputKind.STDOUT),
        stderr=stream(OutputKind.STDERR) + cut,
        display=[
            {kind: _clean(text) for kind, text in output.data.items()}
            for output in result.outputs
            if output.kind in shown
        ],
        error=_errors(result),
    )


def _errors(result: CellResult) -> list[dict[str, object]]:
    """As a list of Jupyter errors; what the host saw counts as one, so that no failure looks like none."""
    if result.error is not None:
        error = result.error
        name, value, lines = error.name, error.value, error.traceback.splitlines()
    elif result.status is CellStatus.OK:
        return []
    else:
        name, value, lines = _NAMES[result.status], result.text(400), []
    return [{"ename": _clean(name), "evalue": _clean(value), "traceback": [_clean(line) for line in lines]}]


def _clean(text: str) -> str:
    """What can be sent of a text: code may make half characters."""
    return text.encode(errors="replace").decode()


_NAMES = {
    CellStatus.ERROR: "Error",
    CellStatus.TIMEOUT: "TimeoutError",
    CellStatus.AWAITING_INPUT: "StdinNotImplementedError",
    CellStatus.DIED: "DeadKernelError",
}
