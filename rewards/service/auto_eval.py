"""Python with a text of assertions, as SandboxFusion's AutoEval appends it to the program.

The judge runs the assertions: what counts is no exit code, which a program can choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from ..tests import AssertTests, Language
from .completion_code import CompletionCode
from .data_set_models import EvalResult, SubmitRequest
from .judge_service import JudgeService
from .judged import judged
from .submission_grader import RowError, decoded_field, parsed_row


class _AutoEvalTest(BaseModel):
    code: str
    asset: dict[str, str | None] | None = None


class _AutoEvalRow(BaseModel):
    test: _AutoEvalTest
    labels: dict[str, Any] = {}


class AutoEval:
    """Python with a text of assertions that is appended to it; without files."""

    async def grade(
        self, service: JudgeService, row: Mapping[str, Any], request: SubmitRequest
    ) -> EvalResult:
        """Lets the judge run the assertions."""
        test = decoded_field(row, "test")
        if isinstance(test, dict) and isinstance(test.get("asset"), str):
            test = {**test, "asset": decoded_field(test, "asset")}
        parsed = parsed_row(_AutoEvalRow, {"test": test, "labels": decoded_field(row, "labels", {})})
        language = parsed.labels.get("programming_language", "python")
        if language != "python":
            raise RowError(f"labels.programming_language is {language!r}; only 'python' is judged here")
        if parsed.test.asset:
            raise RowError("test.asset has files; rows with files are not judged here")
        code = CompletionCode.find(request.completion, Language.PYTHON)
        tests = AssertTests(statements=(parsed.test.code,))
        result = await judged(service, tests, code.source, request)
        return result.model_copy(
            update={
                "full_code": f"{code.source}\n{parsed.test.code}",
                "test_code": parsed.test.code,
                "extracted_type": code.origin,
            }
        )
