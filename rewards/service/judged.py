"""Verdicts of the judge in SandboxFusion's words."""

from __future__ import annotations

from ..tests import Tests
from ..verdict import Outcome, TestOutcome, Verdict
from .data_set_models import EvalResult, EvalTestCase, SubmitRequest
from .judge_service import JudgeService
from .sandbox_models import CommandRunResult, CommandRunStatus, RunCodeResponse, RunStatus

_RUN_SECONDS = 20.0


async def judged(
    service: JudgeService, tests: Tests, source: str, request: SubmitRequest, time_limit: float = _RUN_SECONDS
) -> EvalResult:
    """Has the judge grade a source, and puts the verdict in SandboxFusion's words."""
    limit = min(request.config.run_timeout or time_limit, service.settings.longest_run_seconds)
    async with service.turn(service.settings.longest_run_seconds):
        verdict = await service.judge.grade(tests, source, time_limit=limit)
    return _eval_result(verdict, source, request)


def _eval_result(verdict: Verdict, source: str, request: SubmitRequest) -> EvalResult:
    return EvalResult(
        id=request.id,
        accepted=verdict.passed,
        extracted_code=source,
        tests=[
            EvalTestCase(
                passed=test.outcome is Outcome.PASSED,
                exec_info=_exec_info(test),
                test_info={
                    "name": test.name,
                    "outcome": test.outcome.value,
                    "placement": test.placement.value,
                },
            )
            for test in verdict.tests
        ],
    )


def _exec_info(test: TestOutcome) -> RunCodeResponse:
    passed, timeout = test.outcome is Outcome.PASSED, test.outcome is Outcome.TIMEOUT
    command = CommandRunResult(
        status=CommandRunStatus.TIME_LIMIT_EXCEEDED if timeout else CommandRunStatus.FINISHED,
        execution_time=test.seconds,
        return_code=None if timeout else 0 if passed else 1,
        stdout="",
        stderr=test.message,
    )
    return RunCodeResponse(status=RunStatus.SUCCESS if passed else RunStatus.FAILED, run_result=command)
