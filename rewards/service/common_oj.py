"""Programs that read standard input and write standard output, as SandboxFusion's CommonOJ judges them.

They are run case by case, and what they wrote is compared here, where no program runs.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from ..tests import Language
from .code_runs import run_code
from .completion_code import CompletionCode
from .data_set_models import EvalResult, EvalTestCase, SubmitRequest, TestConfig
from .judge_service import JudgeService
from .output_lines import same_lines
from .sandbox_models import RunCodeRequest, RunCodeResponse, RunStatus, encoded_files
from .submission_grader import MachineFaultError, RowError, decoded_field, parsed_row

_SHOWN = 1000
_COMPILE_SECONDS = 10.0
_RUN_SECONDS, _RUN_SECONDS_COMPILED = 20.0, 10.0


class _StdioCase(BaseModel):
    """Standard streams by the names `stdin` and `stdout`; other names are files."""

    input: dict[str, str]
    output: dict[str, str]


class _CommonRow(BaseModel):
    test: list[_StdioCase] = Field(min_length=1)


class CommonOJ:
    """Programs that read standard input and write standard output, in Python or C++."""

    async def grade(
        self, service: JudgeService, row: Mapping[str, Any], request: SubmitRequest
    ) -> EvalResult:
        """Runs the cases in their order, up to the first that fails unless `extra.run_all_cases` is set."""
        config = request.config
        if config.language not in set(Language):
            raise RowError(f"config.language is {config.language!r}; use one of: {', '.join(Language)}")
        cases = parsed_row(_CommonRow, {"test": decoded_field(row, "test")}).test
        code = CompletionCode.find(request.completion, Language(config.language))
        run_all = bool(config.extra.get("run_all_cases"))
        tests: list[EvalTestCase] = []
        for start in range(0, len(cases), width := service.settings.workers):
            tests += await service.in_order(
                cases[start : start + width], lambda case: _run_case(service, code.source, case, config)
            )
            failed = [number for number, test in enumerate(tests) if not test.passed]
            if failed and not run_all:
                tests = tests[: failed[0] + 1]
                break
        return EvalResult(
            id=request.id,
            accepted=all(test.passed for test in tests),
            extracted_code=code.source,
            tests=tests,
            extracted_type=code.origin,
        )


async def _run_case(service: JudgeService, code: str, case: _StdioCase, config: TestConfig) -> EvalTestCase:
    assert config.language is not None
    files = {name: text.encode() for name, text in case.input.items() if name != "stdin"}
    compiled = Language(config.language) is Language.CPP
    request = RunCodeRequest(
        code=code,
        language=config.language,
        stdin=case.input.get("stdin", ""),
        compile_timeout=config.compile_timeout or _COMPILE_SECONDS,
        run_timeout=config.run_timeout or (_RUN_SECONDS_COMPILED if compiled else _RUN_SECONDS),
        files={**encoded_files(files)},
        fetch_files=[name for name in case.output if name != "stdout"],
    )
    response = await run_code(service, request, service.settings.longest_run_seconds)
    if response.status is RunStatus.SANDBOX_ERROR:
        raise MachineFaultError(response.message)
    passed = response.status is RunStatus.SUCCESS and _as_expected(response, case)
    keep = not passed or config.extra.get("return_full_case")
    return EvalTestCase(passed=passed, exec_info=response, test_info=_shown(case, None if keep else _SHOWN))


def _as_expected(response: RunCodeResponse, case: _StdioCase) -> bool:
    assert response.run_result is not None
    found = {name: base64.b64decode(data).decode(errors="replace") for name, data in response.files.items()}
    found["stdout"] = response.run_result.stdout or ""
    return all(name in found and same_lines(found[name], text) for name, text in case.output.items())


def _shown(case: _StdioCase, limit: int | None) -> dict[str, Any]:
    return {
        side: {name: text if limit is None else text[:limit] for name, text in getattr(case, side).items()}
        for side in ("input", "output")
    }
