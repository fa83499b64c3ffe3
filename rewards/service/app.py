"""The FastAPI application: the routes of both protocols on one port, and what all of them do with errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import PydanticSerializationError

from ...kernels.kernel_error import KernelError
from ..programs import ProgramError, ProgramRunner
from ..verdict import BrokenTaskError, JudgeError
from .code_judge_routes import code_judge_routes
from .data_set_routes import data_set_routes
from .gate import Gate
from .judge_service import JudgeService
from .jupyter_runs import JupyterRunner
from .problem import Problem
from .sandbox_models import BadFileError
from .sandbox_routes import sandbox_routes
from .service_settings import ServiceSettings
from .submission_grader import MachineFaultError
from .work_queue import QueueFullError, QueueTimeoutError

_MOST_ERRORS = 5


def make_app(
    settings: ServiceSettings,
    task_sets: Mapping[str, Sequence[Problem]] | None = None,
    *,
    runner: ProgramRunner | None = None,
    jupyter: JupyterRunner | None = None,
) -> Gate:
    """Makes the application; what it runs on starts with its lifespan, in the loop of the server.

    Args:
        settings: What it may use.
        task_sets: Name -> tasks that clients can ask for and submit to.
        runner: Where programs run; in the sandbox of local kernels by default.
        jupyter: Where cells run; in local kernels by default.

    Returns:
        An ASGI application.
    """
    service = JudgeService(settings, runner, jupyter)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service:
            yield

    app = FastAPI(title="replgym judge", lifespan=lifespan, docs_url="/docs", redoc_url=None)
    app.include_router(code_judge_routes(service))
    app.include_router(sandbox_routes(service))
    app.include_router(data_set_routes(service, task_sets or {}))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    _answer_errors(app)
    return Gate(app, settings, service.metrics)


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Without the input, which may be as long as the request.
        shown = [
            {"type": str(each["type"]), "loc": _place(each["loc"]), "msg": str(each["msg"])[:500]}
            for each in error.errors()[:_MOST_ERRORS]
        ]
        return JSONResponse({"detail": shown}, 422)

    @app.exception_handler(BadFileError)
    @app.exception_handler(BrokenTaskError)
    @app.exception_handler(ProgramError)
    async def bad_program(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)[:500]}, 400)

    @app.exception_handler(UnicodeEncodeError)
    @app.exception_handler(PydanticSerializationError)
    async def bad_text(_: Request, error: Exception) -> JSONResponse:
        # All text of an answer is the request's, or was decoded here.
        return JSONResponse({"detail": "the request has text that is no Unicode"}, 400)

    @app.exception_handler(QueueFullError)
    async def full(_: Request, error: QueueFullError) -> JSONResponse:
        return _later(503, error.retry_seconds, error)

    @app.exception_handler(QueueTimeoutError)
    async def waited(_: Request, error: QueueTimeoutError) -> JSONResponse:
        return _later(504, error.retry_seconds, error)

    @app.exception_handler(JudgeError)
    @app.exception_handler(KernelError)
    @app.exception_handler(MachineFaultError)
    async def fault(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": f"the judge failed, which says nothing about the code: {error}"}, 500)


def _place(location: Sequence[Any]) -> list[str | int]:
    return [part if isinstance(part, int) else str(part)[:100] for part in location][:10]


def _later(code: int, seconds: int, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, code, {"Retry-After": str(seconds)})
