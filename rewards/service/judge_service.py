"""What all routes share: the queue, the runner of programs, the judge and the interpreters of one server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Self, TypeVar

from ...kernels.resource_limits import ResourceLimits
from ..judge import Judge
from ..judge_limits import JudgeLimits
from ..programs import Program, ProgramLimits, ProgramResult, ProgramRunner, SandboxedPrograms
from .jupyter_runs import JupyterRunner, JupyterRuns
from .service_metrics import ServiceMetrics
from .service_settings import ServiceSettings
from .work_queue import QueueFullError, QueueTimeoutError, WorkQueue

INTERPRETER_MEGABYTES = 1024
"""Memory that Python itself may take beyond what is a program's own."""
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class JudgeService:
    """Owns what runs; `async with` it.

    Args:
        settings: What it may use.
        runner: Where programs run; in the sandbox of local kernels by default.
        jupyter: Where cells run; in local kernels by default.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        runner: ProgramRunner | None = None,
        jupyter: JupyterRunner | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = ServiceMetrics()
        self.queue = WorkQueue(settings.workers, settings.queue_size)
        limits = ResourceLimits(memory=settings.largest_memory_megabytes << 20)
        self._runner = runner or SandboxedPrograms(isolation=settings.isolation, limits=limits)
        self.judge = Judge(settings.workers, isolation=settings.isolation)
        """For the tests of data sets."""
        memory = settings.memory_megabytes + INTERPRETER_MEGABYTES
        self.program_judge = Judge(
            settings.workers, isolation=settings.isolation, limits=JudgeLimits(memory=memory << 20)
        )
        """For code-judge's programs, with their limits."""
        self.jupyter = jupyter or JupyterRuns(settings)
        self.metrics.show("waiting", "Programs in the queue", lambda: self.queue.waiting)
        self.metrics.show("running", "Programs that run", lambda: self.queue.running)
        self.metrics.show("sessions", "Sessions that are alive", lambda: self.jupyter.count)

    async def run_program(self, program: Program, limits: ProgramLimits, patience: float) -> ProgramResult:
        """Runs a program when its turn has come.

        Args:
            program: What to run.
            limits: What it may use.
            patience: The most seconds to wait for its turn.

        Raises:
            QueueFullError: If too many wait already.
            QueueTimeoutError: If its turn did not come in time.
            ProgramError: If the program cannot be run as it is.
            JudgeError: If the machine failed.
        """
        async with self.turn(patience):
            end = "fault"
            try:
                result = await self._runner.run(program, limits)
                end = _end_of(result)
                return result
            finally:
                self.metrics.programs.labels(program.language, end).inc()

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[None]:
        """Waits for one's turn and lends a place; raises what `WorkQueue.place` raises."""
        try:
            async with self.queue.place(patience) as waited:
                self.metrics.queue_seconds.observe(waited)
                with self.metrics.run_seconds.time():
                    yield
        except (QueueFullError, QueueTimeoutError) as error:
            self.metrics.refused.labels("full" if isinstance(error, QueueFullError) else "timeout").inc()
            raise

    async def in_order(
        self, items: Iterable[_Item], work: Callable[[_Item], Awaitable[_Answer]], width: int | None = None
    ) -> list[_Answer]:
        """Answers many items at once, in their order.

        Args:
            items: What to work on.
            work: Answers one item.
            width: How many may be under way, so that a long batch leaves room in the queue; all by default.

        Raises:
            Exception: The first that one of them raised; the others were cancelled then.
        """
        gate = asyncio.Semaphore(width) if width else None

        async def one(item: _Item) -> _Answer:
            if gate is None:
                return await work(item)
            async with gate:
                return await work(item)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(item)) for item in items]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def protections(self) -> tuple[str, ...]:
        """What programs are kept from on this machine."""
        return await self._runner.protections()

    async def close(self) -> None:
        """Ends everything that runs; idempotent."""
        await self.jupyter.close()
        await self._runner.close()
        await self.judge.close()
        await self.program_judge.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _end_of(result: ProgramResult) -> str:
    if result.run is None:
        return "not_compiled"
    if result.run.return_code is None:
        return result.run.end.value
    return "success" if result.succeeded else "failed"
