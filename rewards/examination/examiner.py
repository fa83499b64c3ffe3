"""Examines one submission: the job of an examiner's process, apart from how the process came to be."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ..conversation.candidate_error import Failure
from ..test_code.broken_tests_error import BrokenTestsError
from ..tests import Tests
from ..verdict import Outcome
from .candidate_source import CandidateSource
from .examination import Examination, Tell
from .test_runs import run_of

_MESSAGE_LIMIT = 500
_TESTS: TypeAdapter[Tests] = TypeAdapter(Tests)


def examine(job: dict[str, Any], candidates: CandidateSource, tell: Tell) -> None:
    """Runs the tests of a job and tells the host how many there are, each outcome, and the end.

    Args:
        job: `tests` (as dumped), `time_limit` in seconds, and `source`, or `refusal` with the reason why
            the submission must not be run.
        candidates: Where the submission's processes come from; not asked before the tests are understood.
        tell: Takes messages for the host: `{"tests": count}`, once more when the count changes, then
            `{"test": number, "name": …, "outcome": …, "message": …, "seconds": …, "placement": …,
            "peak_memory": …}` for each, and `{"end": True}`; or `{"fault": text}` when the tests are broken.
    """
    try:
        tests = run_of(_TESTS.validate_python(job["tests"]))
        allow_unproven = job.get("allow_unproven", True)
        source = job.get("source", "")
        examination = Examination(source, candidates, tell, tests.count, allow_unproven=allow_unproven)
        if "refusal" in job:
            examination.refuse(Failure(Outcome.SYNTAX_ERROR, job["refusal"]))
        else:
            examination.run(tests, job["time_limit"])
    except BrokenTestsError as error:
        tell({"fault": str(error)[:_MESSAGE_LIMIT]})
        return
    tell({"end": True})
