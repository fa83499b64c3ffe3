"""The JSON of code-judge."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

_MAX_NAME = 256


def _new_id() -> str:
    return str(uuid.uuid4())


class _Identified(BaseModel):
    sub_id: str | None = Field(default=None, max_length=_MAX_NAME)

    def name(self) -> str:
        """The id that the answer carries."""
        return self.sub_id or _new_id()


class SubmissionType(StrEnum):
    """What a submission is written in."""

    PYTHON = "python"
    CPP = "cpp"
    MATH = "math"


class Submission(_Identified):
    """One program with its input and the output that is expected."""

    type: SubmissionType
    options: dict[str, str] | None = None
    solution: str
    input: str | None = None
    expected_output: str | None = None


class BatchSubmission(_Identified):
    """Many programs."""

    type: Literal["batch"] = "batch"
    submissions: list[Submission] = Field(min_length=1, max_length=100_000)


class ResultReason(StrEnum):
    """Why there is no true result."""

    UNSPECIFIED = ""
    INTERNAL_ERROR = "internal_error"
    WORKER_TIMEOUT = "worker_timeout"
    QUEUE_TIMEOUT = "queue_timeout"
    INVALID_INPUT = "invalid_input"


class JudgeResult(BaseModel):
    """How one program did."""

    sub_id: str
    success: bool
    """It ran well, and its output is the expected one, if one was given."""
    run_success: bool
    """It ended with exit code 0."""
    cost: float
    """Seconds."""
    reason: ResultReason = ResultReason.UNSPECIFIED


class SubmissionResult(JudgeResult):
    """The same with what it wrote."""

    stdout: str | None = None
    stderr: str | None = None


class BatchJudgeResult(BaseModel):
    """Results in the order of the request."""

    sub_id: str
    results: list[JudgeResult]


class BatchSubmissionResult(BaseModel):
    """Results in the order of the request."""

    sub_id: str
    results: list[SubmissionResult]
