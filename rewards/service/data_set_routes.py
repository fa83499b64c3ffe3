"""SandboxFusion's data set routes: rows that come with the request, and task sets that the server has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, HTTPException

from ..tests import Language, StdioTests
from .auto_eval import AutoEval
from .common_oj import CommonOJ
from .completion_code import CompletionCode
from .data_set_models import (
    EvalResult,
    GetPromptByIdRequest,
    GetPromptsRequest,
    Id,
    Prompt,
    SubmitRequest,
    TestConfig,
)
from .human_eval import HumanEval
from .judge_service import JudgeService
from .judged import judged
from .problem import Problem
from .submission_grader import RowError, SubmissionGrader, decoded_field

_GRADERS: Mapping[str, SubmissionGrader] = MappingProxyType(
    {
        "CommonOJDataset": CommonOJ(),
        "HumanEvalDataset": HumanEval(),
        "AutoEvalDataset": AutoEval(),
        "AutoEvalV4Dataset": AutoEval(),
        "AutoEvalV5Dataset": AutoEval(),
        "AutoEvalV6Dataset": AutoEval(),
    }
)


def data_set_routes(service: JudgeService, task_sets: Mapping[str, Sequence[Problem]]) -> APIRouter:
    """The routes.

    Args:
        service: Where completions are judged.
        task_sets: Name -> the tasks of sets that need not come with the request.
    """
    router = APIRouter(tags=["data sets"])
    data_sets = _DataSets(service, task_sets)

    @router.get("/list_datasets")
    async def list_datasets() -> list[str]:
        return sorted(task_sets)

    @router.post("/list_ids")
    async def list_ids(request: GetPromptsRequest) -> list[Id]:
        return [prompt.id for prompt in data_sets.prompts(request)]

    @router.post("/get_prompts")
    async def get_prompts(request: GetPromptsRequest) -> list[Prompt]:
        return data_sets.prompts(request)

    @router.post("/get_prompt_by_id")
    async def get_prompt_by_id(request: GetPromptByIdRequest) -> Prompt:
        return data_sets.prompt(request)

    @router.post("/submit")
    async def submit(request: SubmitRequest) -> EvalResult:
        return await data_sets.judge(request)

    return router


class _DataSets:
    def __init__(self, service: JudgeService, task_sets: Mapping[str, Sequence[Problem]]) -> None:
        self._service = service
        self._tasks = {
            name: {problem.id: problem for problem in problems} for name, problems in task_sets.items()
        }

    def prompts(self, request: GetPromptsRequest) -> list[Prompt]:
        end = request.offset + request.limit
        if request.dataset in self._tasks:
            found = list(self._tasks[request.dataset].values())[request.offset : end]
            return [_prompt_of_problem(problem) for problem in found]
        rows = self._provided(request.config, request.dataset)
        if isinstance(rows, dict):
            raise HTTPException(400, "config.provided_data is one row; send a list of rows")
        return [_prompt_of_row(row) for row in rows[request.offset : end]]

    def prompt(self, request: GetPromptByIdRequest) -> Prompt:
        if request.dataset in self._tasks:
            return _prompt_of_problem(self._problem(request.dataset, request.id))
        return _prompt_of_row(self._row(request.config, request.dataset))

    async def judge(self, request: SubmitRequest) -> EvalResult:
        if request.config.custom_extract_logic:
            raise HTTPException(400, "config.custom_extract_logic is not run here; send the code in a fence")
        try:
            if request.dataset in self._tasks:
                problem = self._problem(request.dataset, request.id)
                return await _judge_problem(self._service, problem, request)
            row = self._row(request.config, request.dataset)
            return await _GRADERS[request.config.dataset_type or ""].grade(self._service, row, request)
        except RowError as error:
            raise HTTPException(400, str(error)) from error

    def _problem(self, data_set: str, name: Id) -> Problem:
        problem = self._tasks[data_set].get(str(name))
        if problem is None:
            raise HTTPException(404, f"data set {data_set!r} has no row {str(name)!r}")
        return problem

    def _row(self, config: TestConfig, data_set: str) -> dict[str, Any]:
        row = self._provided(config, data_set)
        if not isinstance(row, dict):
            raise HTTPException(400, "config.provided_data is a list of rows; send the one row that is meant")
        return row

    def _provided(self, config: TestConfig, data_set: str) -> dict[str, Any] | list[dict[str, Any]]:
        if config.dataset_type is None:
            known = ", ".join(sorted(self._tasks)) or "none"
            raise HTTPException(400, f"no eval class found for dataset {data_set!r}; known here: {known}")
        if config.dataset_type not in _GRADERS:
            known = ", ".join(sorted(_GRADERS))
            raise HTTPException(400, f"eval class {config.dataset_type!r} not found; known here: {known}")
        if not config.provided_data:
            raise HTTPException(400, f"dataset {data_set!r} is not stored here; send config.provided_data")
        return config.provided_data


async def _judge_problem(service: JudgeService, problem: Problem, request: SubmitRequest) -> EvalResult:
    language = problem.tests.language if isinstance(problem.tests, StdioTests) else Language.PYTHON
    code = CompletionCode.find(request.completion, language)
    result = await judged(service, problem.tests, code.source, request, problem.time_limit)
    return result.model_copy(update={"extracted_type": code.origin})


def _prompt_of_problem(problem: Problem) -> Prompt:
    return Prompt(id=problem.id, prompt=problem.prompt, labels=dict(problem.labels))


def _prompt_of_row(row: Mapping[str, Any]) -> Prompt:
    try:
        labels = decoded_field(row, "labels", {})
        name = row.get("id", row.get("task_id"))
        text = row.get("content", row.get("prompt"))
    except RowError as error:
        raise HTTPException(400, str(error)) from error
    if not isinstance(name, int | str) or not isinstance(text, str) or not isinstance(labels, dict):
        shown = json.dumps(sorted(row))[:200]
        raise HTTPException(400, f"a row needs id, content and labels; this one has the fields {shown}")
    return Prompt(id=name, prompt=text, labels=labels)
