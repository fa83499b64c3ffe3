"""Runs what `/run_jupyter` is asked for, and puts the result in SandboxFusion's words.

A cell that fails does not keep the next one from running, as in SandboxFusion. What it does not do: keep an
interpreter for a session, heed the time of a single cell, and give what ran before the time was over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from ...kernels.cell_result import CellResult, CellStatus, OutputKind
from ...kernels.kernel import Kernel
from ...kernels.kernel_error import KernelError, PoolSaturatedError, WorkspaceError
from ..programs import ProgramError
from .judge_service import JudgeService
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
from .work_queue import QueueTimeoutError

_FETCHED_BYTES = 16 << 20


async def run_jupyter(service: JudgeService, request: RunJupyterRequest) -> RunJupyterResponse:
    """Runs cells.

    Raises:
        BadFileError: If a file is not base64.
        ProgramError: If a file cannot be put where it should be.
        QueueFullError: If there is no room for another session.
        QueueTimeoutError: If no interpreter came free in time.
    """
    files = decoded_files(request.files)
    patience = service.settings.sandbox_queue_seconds
    longest = service.settings.longest_run_seconds
    try:
        if request.session_id is None:
            async with service.sessions.alone() as kernel:
                return await _Run(kernel, request, longest).conduct(files)
        return await _run_in_session(service, request, request.session_id, files)
    except (PoolSaturatedError, TimeoutError) as error:
        raise QueueTimeoutError(patience, service.queue.retry_seconds()) from error
    except KernelError as error:
        return RunJupyterResponse(status=RunStatus.SANDBOX_ERROR, message=f"{type(error).__name__}: {error}")


async def _run_in_session(
    service: JudgeService, request: RunJupyterRequest, name: str, files: dict[str, bytes]
) -> RunJupyterResponse:
    settings = service.settings
    async with service.sessions.session(name, settings.longest_run_seconds) as session:
        run = _Run(session.kernel, request, settings.longest_run_seconds)
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
        return "".join(output.text for output in result.outputs if output.kind is kind)

    shown = (OutputKind.RESULT, OutputKind.DISPLAY)
    return CellRunResult(
        stdout=stream(OutputKind.STDOUT),
        stderr=stream(OutputKind.STDERR),
        display=[dict(output.data) for output in result.outputs if output.kind in shown],
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
    return [{"ename": name, "evalue": value, "traceback": lines}]


_NAMES = {
    CellStatus.ERROR: "Error",
    CellStatus.TIMEOUT: "TimeoutError",
    CellStatus.AWAITING_INPUT: "StdinNotImplementedError",
    CellStatus.DIED: "DeadKernelError",
}
