"""The routes of code-judge: programs with an input and an expected output, alone and in batches.

A full queue and a wait that was too long are `queue_timeout`, and a fault of the machine is `internal_error`:
its clients try those again. The routes that judge leave out what the program wrote.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

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
from .judge_service import JudgeService
from .work_queue import QueueFullError, QueueTimeoutError

_PYTHON_ITSELF = 1024


def code_judge_routes(service: JudgeService) -> APIRouter:
    """The eight routes."""
    router = APIRouter(tags=["code-judge"])
    judging = _CodeJudge(service)

    @router.get("/ping")
    async def ping() -> str:
        return "pong"

    @router.get("/status")
    async def status() -> dict[str, Any]:
        return await judging.status()

    @router.post("/run")
    async def run(submission: Submission, response: Response) -> SubmissionResult:
        return await judging.one(submission, response)

    @router.post("/judge", response_model=JudgeResult)
    async def judge(submission: Submission, response: Response) -> SubmissionResult:
        return await judging.one(submission, response)

    @router.post("/run/batch")
    async def run_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.batch(batch, response)

    @router.post("/judge/batch", response_model=BatchJudgeResult)
    async def judge_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.batch(batch, response)

    @router.post("/run/long-batch")
    async def run_long_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.long_batch(batch, response)

    @router.post("/judge/long-batch", response_model=BatchJudgeResult)
    async def judge_long_batch(batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        return await judging.long_batch(batch, response)

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

    async def one(self, submission: Submission, response: Response) -> SubmissionResult:
        return await self._judge(submission, self._settings.queue_seconds, response)

    async def batch(self, batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        results = await self._service.in_order(
            batch.submissions, lambda each: self._judge(each, self._settings.queue_seconds, response)
        )
        return BatchSubmissionResult(sub_id=batch.name(), results=results)

    async def long_batch(self, batch: BatchSubmission, response: Response) -> BatchSubmissionResult:
        patience = self._settings.long_queue_seconds
        results = await self._service.in_order(
            batch.submissions,
            lambda each: self._judge(each, patience, response),
            width=2 * self._settings.workers,
        )
        return BatchSubmissionResult(sub_id=batch.name(), results=results)

    async def _judge(self, submission: Submission, patience: float, response: Response) -> SubmissionResult:
        if submission.type is SubmissionType.MATH:
            return _no_result(submission, ResultReason.INVALID_INPUT, "type 'math' has no executor")
        try:
            result = await self._service.run_program(_program(submission), self._limits(submission), patience)
        except (QueueFullError, QueueTimeoutError) as error:
            response.headers["Retry-After"] = str(error.retry_seconds)
            return _no_result(submission, ResultReason.QUEUE_TIMEOUT, str(error))
        except LanguageMissingError as error:
            return _no_result(submission, ResultReason.INVALID_INPUT, str(error))
        except JudgeError as error:
            return _no_result(submission, ResultReason.INTERNAL_ERROR, str(error))
        return self._result(submission, result)

    def _limits(self, submission: Submission) -> ProgramLimits:
        settings = self._settings
        memory = settings.memory_megabytes
        if submission.type is SubmissionType.PYTHON:
            memory += _PYTHON_ITSELF
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


def _program(submission: Submission) -> Program:
    language = ProgramLanguage(submission.type.value)
    return Program(submission.solution, language, submission.input or "")


def _reason(end: StageEnd) -> ResultReason:
    return ResultReason.WORKER_TIMEOUT if end is StageEnd.TIMEOUT else ResultReason.UNSPECIFIED


def _no_result(submission: Submission, reason: ResultReason, why: str) -> SubmissionResult:
    return SubmissionResult(
        sub_id=submission.name(), success=False, run_success=False, cost=0.0, stderr=why, reason=reason
    )
