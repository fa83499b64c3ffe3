"""Submissions whose output nobody wants to see: the judge runs one source on many inputs in one sandbox.

It keeps a sandbox warm, starts no interpreter and compiles once, and compares outside of the sandbox as
code-judge does: exactly, but for white space at both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..tests import Language, StdioCase, StdioTests
from ..verdict import JudgeError, Outcome, TestOutcome
from .code_judge_models import JudgeResult, ResultReason, Submission, SubmissionType
from .judge_service import JudgeService

_MOST_INPUTS = 16


def groups(submissions: Sequence[Submission]) -> Iterator[list[int]]:
    """Where in the batch those stand that can be graded together, or one alone; nothing is left out.

    A group is small, so that it does not keep its place in the queue for long.
    """
    by_source: dict[tuple[SubmissionType, str], list[int]] = {}
    for number, submission in enumerate(submissions):
        if not can_be_graded(submission):
            yield [number]
            continue
        group = by_source.setdefault((submission.type, submission.solution), [])
        group.append(number)
        if len(group) == _MOST_INPUTS:
            yield group
            del by_source[submission.type, submission.solution]
    yield from by_source.values()


def can_be_graded(submission: Submission) -> bool:
    """Whether there is an output to compare with."""
    return submission.expected_output is not None and submission.type is not SubmissionType.MATH


async def grade_group(
    service: JudgeService, submissions: Sequence[Submission], patience: float
) -> list[JudgeResult]:
    """Grades submissions that have the same source.

    Args:
        service: Where.
        submissions: All of them can be graded.
        patience: Seconds to wait for a place.

    Raises:
        QueueFullError: If too many wait already.
        QueueTimeoutError: If the turn did not come in time.
        JudgeError: If the machine failed.
        IsolationError: If the judge cannot protect itself on this machine.
    """
    first, seconds = submissions[0], service.settings.execution_seconds
    tests = StdioTests(
        cases=tuple(
            StdioCase(stdin=each.input or "", expected=each.expected_output or "") for each in submissions
        ),
        language=Language(first.type.value),
        seconds_per_case=seconds,
    )
    async with service.turn(patience):
        # One more for the compiler.
        verdict = await service.program_judge.grade(
            tests, first.solution, time_limit=seconds * (len(submissions) + 1)
        )
    for test in verdict.tests:
        service.metrics.programs.labels(first.type.value, test.outcome.value).inc()
    if any(test.outcome is Outcome.NOT_RUN for test in verdict.tests):
        raise JudgeError("the judge did not come to all inputs")
    return [_result(each, test) for each, test in zip(submissions, verdict.tests, strict=True)]


def _result(submission: Submission, test: TestOutcome) -> JudgeResult:
    return JudgeResult(
        sub_id=submission.name(),
        success=test.outcome is Outcome.PASSED,
        run_success=test.outcome in (Outcome.PASSED, Outcome.WRONG_ANSWER),
        cost=test.seconds,
        reason=ResultReason.WORKER_TIMEOUT if test.outcome is Outcome.TIMEOUT else ResultReason.UNSPECIFIED,
    )
