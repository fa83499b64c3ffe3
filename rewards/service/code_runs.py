"""Runs what `/run_code` is asked for, and puts the result in SandboxFusion's words."""

from __future__ import annotations

from ..programs import (
    LanguageMissingError,
    Program,
    ProgramLanguage,
    ProgramLimits,
    ProgramResult,
    StageEnd,
    StageResult,
)
from ..verdict import JudgeError
from .judge_service import JudgeService
from .sandbox_models import (
    CommandRunResult,
    CommandRunStatus,
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
    decoded_files,
    encoded_files,
)
from .service_settings import ServiceSettings

_FILE_TOO_LARGE = -25  # as if by the signal that ends who writes too much


async def run_code(
    service: JudgeService, request: RunCodeRequest, patience: float | None = None
) -> RunCodeResponse:
    """Runs one program.

    Args:
        service: Where.
        request: What.
        patience: Seconds to wait for a place; by default what its clients wait beyond the time of the run.

    Raises:
        BadFileError: If a file is not base64.
        ProgramError: If the program cannot be run as it is.
        QueueFullError: If too many wait already.
        QueueTimeoutError: If its turn did not come in time.
    """
    if request.language not in set(ProgramLanguage):
        there = ", ".join(ProgramLanguage)
        return _fault(f"language {request.language!r} is not run here; use one of: {there}")
    language = ProgramLanguage(request.language)
    program = Program(
        request.code,
        language,
        request.stdin or "",
        decoded_files(request.files),
        tuple(request.fetch_files),
        tuple(request.args) if language is ProgramLanguage.PYTEST else (),
    )
    settings = service.settings
    limits = _limits(request, settings)
    if patience is None:
        unused = 0.0 if language is ProgramLanguage.CPP else limits.compile_seconds
        patience = settings.sandbox_queue_seconds + unused
    try:
        result = await service.run_program(program, limits, patience)
    except (JudgeError, LanguageMissingError) as error:
        return _fault(str(error))
    return _response(result)


def _limits(request: RunCodeRequest, settings: ServiceSettings) -> ProgramLimits:
    return ProgramLimits(
        seconds=min(request.run_timeout, settings.longest_run_seconds),
        compile_seconds=min(request.compile_timeout, settings.longest_run_seconds),
        memory=request.memory_limit_MB << 20 if request.memory_limit_MB > 0 else None,
        output=settings.output_bytes,
    )


def _response(result: ProgramResult) -> RunCodeResponse:
    return RunCodeResponse(
        status=RunStatus.SUCCESS if result.succeeded else RunStatus.FAILED,
        compile_result=None if result.compilation is None else _command(result.compilation),
        run_result=None if result.run is None else _command(result.run),
        files=encoded_files(dict(result.files)),
    )


def _command(stage: StageResult) -> CommandRunResult:
    stderr, code = stage.stderr.decode(errors="replace"), stage.return_code
    if stage.end is StageEnd.OUTPUT_LIMIT:
        stderr, code = f"{stderr}\n[the program was ended, because it wrote too much]\n", _FILE_TOO_LARGE
    timeout = stage.end is StageEnd.TIMEOUT
    return CommandRunResult(
        status=CommandRunStatus.TIME_LIMIT_EXCEEDED if timeout else CommandRunStatus.FINISHED,
        execution_time=stage.seconds,
        return_code=code,
        stdout=stage.stdout.decode(errors="replace"),
        stderr=stderr,
    )


def _fault(message: str) -> RunCodeResponse:
    return RunCodeResponse(status=RunStatus.SANDBOX_ERROR, message=message)
