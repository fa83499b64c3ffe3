"""The JSON of SandboxFusion for running code."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

LANGUAGES = Literal[
    "python",
    "python2",
    "cpp",
    "nodejs",
    "js",
    "go",
    "go_test",
    "java",
    "php",
    "csharp",
    "bash",
    "typescript",
    "ts",
    "sql",
    "rust",
    "cuda",
    "lua",
    "R",
    "perl",
    "D_ut",
    "ruby",
    "scala",
    "julia",
    "pytest",
    "junit",
    "kotlin_script",
    "jest",
    "verilog",
    "python_gpu",
    "lean",
    "swift",
    "racket",
    "gtest",
    "react",
]
"""What its clients may ask for; not all of it is run here."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Path = Annotated[str, Field(max_length=4096)]


class RunStatus(StrEnum):
    """How a request went."""

    SUCCESS = "Success"
    FAILED = "Failed"
    SANDBOX_ERROR = "SandboxError"
    """A fault of the service: no word about the program."""


class CommandRunStatus(StrEnum):
    """How one command ended."""

    FINISHED = "Finished"
    ERROR = "Error"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"


class CommandRunResult(BaseModel):
    """One command: the compiler or the program."""

    status: CommandRunStatus
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunCodeRequest(BaseModel):
    """A program to run."""

    compile_timeout: Seconds = 10
    run_timeout: Seconds = 10
    memory_limit_MB: int = Field(default=-1, ge=-1, le=1 << 30)
    code: str
    stdin: str | None = None
    language: LANGUAGES
    files: dict[_Path, str | None] = Field(default={}, max_length=1000)
    fetch_files: list[_Path] = Field(default=[], max_length=1000)
    args: list[str] = Field(default=[], max_length=1000)


class RunCodeResponse(BaseModel):
    """How it went."""

    status: RunStatus
    message: str = ""
    compile_result: CommandRunResult | None = None
    run_result: CommandRunResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


class RunJupyterRequest(BaseModel):
    """Cells to run, in a fresh interpreter or in that of a session."""

    cells: list[str] = Field(max_length=1000)
    cell_timeout: Seconds = 0
    """Of each cell; 0 leaves it to `total_timeout`."""
    total_timeout: Seconds = 45
    memory_limit_MB: int = Field(default=-1, ge=-1, le=1 << 30)
    kernel: Literal["python3"] = "python3"
    files: dict[_Path, str | None] = Field(default={}, max_length=1000)
    fetch_files: list[_Path] = Field(default=[], max_length=1000)
    session_id: str | None = Field(default=None, min_length=1, max_length=128)
    """Beyond SandboxFusion: requests of one session share one interpreter."""
    close_session: bool = False
    """Beyond SandboxFusion: ends the session after these cells."""


class CellRunResult(BaseModel):
    """What one cell showed."""

    stdout: str
    stderr: str
    display: list[dict[str, Any]]
    error: list[dict[str, Any]]


class SessionState(BaseModel):
    """What became of the session of a request."""

    session_id: str
    created: bool
    """Whether it began with this request: nothing of an earlier one is left."""
    state_lost: bool
    """Whether its interpreter was replaced during this request, so that all variables are gone."""
    closed: bool


class RunJupyterResponse(BaseModel):
    """How it went."""

    status: RunStatus
    message: str = ""
    driver: CommandRunResult | None = None
    cells: list[CellRunResult] = []
    executor_pod_name: str | None = None
    files: dict[str, str] = {}
    session: SessionState | None = None
    """Beyond SandboxFusion; null without a session."""


class BadFileError(ValueError):
    """The content of a file is not base64."""


def decoded_files(files: dict[str, str | None]) -> dict[str, bytes]:
    """The files of a request; those without content are left out.

    Raises:
        BadFileError: If one is not base64.
    """
    found = {}
    for path, content in files.items():
        if content is not None:
            try:
                found[path] = base64.b64decode(content, validate=True)
            except (binascii.Error, ValueError) as error:
                raise BadFileError(f"files[{path[:100]!r}] is not base64: {error}") from error
    return found


def encoded_files(files: dict[str, bytes]) -> dict[str, str]:
    """The files of an answer."""
    return {path: base64.b64encode(data).decode() for path, data in files.items()}
