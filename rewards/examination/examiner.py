"""Examines one submission: the job of an examiner's process, apart from how the process came to be."""

from __future__ import annotations

from typing import Any

from ..conversation.candidate_error import Failure
from ..test_code.broken_tests_error import BrokenTestsError
from ..verdict import Outcome
from .candidate_source import CandidateSource
from .examination import Examination, Tell
from .test_runs import TestRun

_MESSAGE_LIMIT = 500


def examine(tests: TestRun, job: dict[str, Any], candidates: CandidateSource, tell: Tell) -> None:
    """Runs tests and tells the host how many there are, each outcome, and the end.

    Args:
        tests: The tests.
        job: `time_limit` in seconds, `allow_unproven`, and `source`, or `refusal` with the reason why the
            submission must not be run.
        candidates: Where the submission's processes come from.
        tell: Takes messages for the host: `{"tests": count}`, once more when the count changes, then
            `{"test": number, "name": …, "outcome": …, "message": …, "seconds": …, "placement": …,
            "peak_memory": …}` for each, and `{"end": True}`; or what `fault` says.
    """
    source, allow_unproven = job.get("source", ""), job["allow_unproven"]
    examination = Examination(source, candidates, tell, tests.count, allow_unproven=allow_unproven)
    try:
        if "refusal" in job:
            examination.refuse(Failure(Outcome.SYNTAX_ERROR, job["refusal"]))
        else:
            examination.run(tests, job["time_limit"])
    except BrokenTestsError as error:
        tell(fault(error))
        return
    tell({"end": True})


def fault(error: BrokenTestsError) -> dict[str, object]:
    """What the host is told of tests that are broken."""
    return {"fault": str(error)[:_MESSAGE_LIMIT]}
