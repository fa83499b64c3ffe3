"""The JSON of SandboxFusion for data sets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from .sandbox_models import LANGUAGES, RunCodeResponse, Seconds

_Name = Annotated[str, Field(max_length=256)]
Id = int | _Name


class TestConfig(BaseModel):
    """How a completion is to be judged."""

    __test__ = False  # not a pytest class

    dataset_type: _Name | None = None
    language: LANGUAGES | None = None
    locale: _Name | None = None
    is_fewshot: bool | None = None
    compile_timeout: Seconds | None = None
    run_timeout: Seconds | None = None
    custom_extract_logic: str | None = None
    provided_data: list[dict[str, Any]] | dict[str, Any] | None = None
    extra: dict[str, Any] = {}


class _DataSetRequest(BaseModel):
    dataset: _Name
    config: TestConfig = TestConfig()


class GetPromptsRequest(_DataSetRequest):
    """Some rows of a data set."""

    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=1_000_000, ge=0)


class GetPromptByIdRequest(_DataSetRequest):
    """One row of a data set."""

    id: Id


class SubmitRequest(_DataSetRequest):
    """A completion to judge."""

    id: Id
    completion: str


class Prompt(BaseModel):
    """What a model is told."""

    id: Id
    prompt: str
    labels: dict[str, Any] = {}


class EvalTestCase(BaseModel):
    """One test."""

    passed: bool
    exec_info: RunCodeResponse
    test_info: dict[str, Any] | None = None


class EvalResult(BaseModel):
    """All tests of one completion."""

    id: Id
    accepted: bool
    extracted_code: str
    full_code: str | None = None
    test_code: str | None = None
    tests: list[EvalTestCase]
    extracted_type: Literal["fenced", "incomplete_fenced", "heuristic", "empty"] | None = None
    extra: dict[str, Any] | None = None
