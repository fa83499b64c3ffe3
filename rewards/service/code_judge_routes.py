"""The routes of code-judge: programs with an input and an expected output, alone and in batches.

A full queue and a wait that was too long are `queue_timeout`, and a fault of the machine is `internal_error`:
its clients try those again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from ...kernels.kernel_error import IsolationError
from ..programs import LanguageMissingError, Program, ProgramLanguage, ProgramLimits, ProgramResult, StageEnd
from ..verdict import JudgeError
from .code_judge_models import (
    BatchJudgeResult,
    BatchSubmission,
    BatchSubmissionResult,
    JudgeResult,
    ResultReason,
    Submission,
    SubmissionResult,
    SubmissionType,
)
from .graded_submissions import can_be_graded, grade_group, groups
from .judge_service import INTERPRETER_MEGABYTES, JudgeService
from .work_queue import QueueFullError, QueueTimeoutError

_FAULTS = (QueueFullError, QueueTimeoutError, LanguageMissingError, JudgeError)


def code_judge_routes(service: JudgeService) -> APIRouter:
    """The eight routes."""
    router = APIRouter(tags=["code-judge"])
    judging = _CodeJudge(service)
    settings = service.settings
    width = 2 * settings.workers

    @router.get("/ping")
    async def ping() -> str:
        return "pong"

    @router.get("/status")
    async def status() -> dict[str, Any]:
        return await judging.status()

    @router.post("/run")
    async def run(submission: Submission, response: Response) -> SubmissionResult:
        return await judging.run(submission, settings.queue_seconds, response)

    @router.post("/judge")
    async def judge(submission: Submission, response: Response) -> JudgeResult:
        return (await judging.judge_all([submission], settings.queue_seconds, response))[0]

    @router.post("/run/batch")
    async def run_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.run_batch(batch, settings.queue_seconds, response)

    @router.post("/judge/batch")
    async def judge_batch(batch: BatchSubmission, response: Response) -> BatchJudgeResult:
        return await judging.judge_batch(batch, settings.queue_seconds, response)

    @router.post("/run/long-batch")
    async def run_long_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.run_batch(batch, settings.long_queue_seconds, response, width)

    @router.post("/judge/long-batch")
    async def judge_long_batch(batch: BatchSubmission, response: Response) -> BatchJudgeResult:
        return await judging.judge_batch(batch, settings.long_queue_seconds, response, width)

    return router


class _CodeJudge:
    def __init__(self, service: JudgeService) -> None:
        self._service = service
        self._settings = service.settings

    async def status(self) -> dict[str, Any]:
        queue = self._service.queue
        return {
            "queue": queue.waiting,
            "num_workers": queue.workers,
            "running": queue.running,
            "sessions": self._service.jupyter.count,
            "protections": await self._service.protections(),
        }

    async def run_batch(
        self, batch: BatchSubmission, patience: float, response: Response, width: int | None = None
    ) -> BatchSubmissionResult:
        results = await self._service.in_order(
            batch.submissions, lambda each: self.run(each, patience, response), width
        )
        return BatchSubmissionResult(sub_id=batch.name(), results=results)

    async def judge_batch(
        self, batch: BatchSubmission, patience: float, response: Response, width: int | None = None
    ) -> BatchJudgeResult:
        results = await self.judge_all(batch.submissions, patience, response, width)
        return BatchJudgeResult(sub_id=batch.name(), results=results)

    async def judge_all(
        self,
        submissions: Sequence[Submission],
        patience: float,
        response: Response,
        width: int | None = None,
    ) -> list[JudgeResult]:
        """Judges submissions, those of one source together."""

        async def judge(group: list[int]) -> list[JudgeResult]:
            return await self._judge_group([submissions[number] for number in group], patience, response)

        made = list(groups(submissions))
        found = await self._service.in_order(made, judge, width)
        results = dict(zip(itertools.chain(*made), itertools.chain(*found), strict=True))
        return [results[number] for number in range(len(submissions))]

    async def _judge_group(
        self, group: Sequence[Submission], patience: float, response: Response
    ) -> list[JudgeResult]:
        if can_be_graded(group[0]):
            try:
                return await grade_group(self._service, group, patience)
            except IsolationError:
                pass  # The judge protects itself or does nothing; a program alone has nothing to reach.
            except _FAULTS as error:
                return [_no_result(each, error, response) for each in group]
        return [await self.run(each, patience, response) for each in group]

    async def run(self, submission: Submission, patience: float, response: Response) -> SubmissionResult:
        """Runs one submission and shows what it wrote."""
        if submission.type is SubmissionType.MATH:
            return _no_result(submission, LanguageMissingError("type 'math' has no executor"), response)
        program = Program(submission.solution, ProgramLanguage(submission.type.value), submission.input or "")
        try:
            result = await self._service.run_program(program, self._limits(submission), patience)
        except _FAULTS as error:
            return _no_result(submission, error, response)
        return self._result(submission, result)

    def _limits(self, submission: Submission) -> ProgramLimits:
        settings = self._settings
        memory = settings.memory_megabytes
        if submission.type is SubmissionType.PYTHON:
            memory += INTERPRETER_MEGABYTES
        return ProgramLimits(
            seconds=settings.execution_seconds,
            compile_seconds=settings.execution_seconds,
            memory=memory << 20,
            output=settings.output_bytes,
        )

    def _result(self, submission: Submission, result: ProgramResult) -> SubmissionResult:
        last = result.run or result.compilation
        assert last is not None
        stdout, stderr = last.stdout.decode(errors="replace"), last.stderr.decode(errors="replace")
        expected = submission.expected_output
        success = result.succeeded and (expected is None or stdout.strip() == expected.strip())
        limit = self._settings.output_characters
        return SubmissionResult(
            sub_id=submission.name(),
            success=success,
            run_success=result.succeeded,
            cost=last.seconds,
            stdout=stdout[:limit],
            stderr=stderr[:limit],
            reason=_reason(last.end),
        )


def _reason(end: StageEnd) -> ResultReason:
    return ResultReason.WORKER_TIMEOUT if end is StageEnd.TIMEOUT else ResultReason.UNSPECIFIED


def _no_result(submission: Submission, error: Exception, response: Response) -> SubmissionResult:
    reason = ResultReason.INTERNAL_ERROR
    if isinstance(error, QueueFullError | QueueTimeoutError):
        reason = ResultReason.QUEUE_TIMEOUT
        response.headers["Retry-After"] = str(error.retry_seconds)
    elif isinstance(error, LanguageMissingError):
        reason = ResultReason.INVALID_INPUT
    return SubmissionResult(
        sub_id=submission.name(), success=False, run_success=False, cost=0.0, stderr=str(error), reason=reason
    )
