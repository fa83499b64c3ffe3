"""SandboxFusion's routes that run code."""

from __future__ import annotations

from fastapi import APIRouter

from .code_runs import run_code
from .judge_service import JudgeService
from .sandbox_models import RunCodeRequest, RunCodeResponse, RunJupyterRequest, RunJupyterResponse


def sandbox_routes(service: JudgeService) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["sandbox"])

    @router.get("/v1/ping")
    async def ping() -> str:
        return "pong"

    @router.post("/run_code")
    async def run(request: RunCodeRequest) -> RunCodeResponse:
        return await run_code(service, request)

    @router.post("/run_jupyter")
    async def run_cells(request: RunJupyterRequest) -> RunJupyterResponse:
        return await service.jupyter.run(request)

    return router
