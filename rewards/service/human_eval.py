"""Functions with a test program that defines `check`, as in HumanEval (arXiv 2107.03374).

The judge calls the function from outside: what counts is no exit code, which a program can choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from ..tests import CheckTests, Language
from .completion_code import CompletionCode
from .data_set_models import EvalResult, SubmitRequest
from .judge_service import JudgeService
from .judged import judged
from .submission_grader import parsed_row

_IMPORTS = "\n".join(
    (
        "import collections, copy, datetime, functools, hashlib, heapq, itertools",
        "import math, operator, random, re, statistics, string, sys",
        "from collections import *",
        "from typing import *",
    )
)


class _HumanEvalRow(BaseModel):
    prompt: str
    test: str
    entry_point: str = Field(min_length=1)


class HumanEval:
    """Functions with a test program that defines `check`, as in HumanEval (arXiv 2107.03374)."""

    async def grade(
        self, service: JudgeService, row: Mapping[str, Any], request: SubmitRequest
    ) -> EvalResult:
        """Has the judge check the function; it continues the prompt unless `extra.is_freeform` is set."""
        parsed = parsed_row(_HumanEvalRow, row)
        if request.config.extra.get("is_freeform"):
            code = CompletionCode.find(request.completion, Language.PYTHON)
            source, origin = code.source, code.origin
        else:
            source, origin = f"{parsed.prompt}\n{request.completion}", None
        tests = CheckTests(
            entry_point=parsed.entry_point, source=parsed.test, context=_IMPORTS, preamble=_IMPORTS
        )
        result = await judged(service, tests, source, request)
        return result.model_copy(
            update={
                "extracted_code": request.completion if origin is None else source,
                "full_code": f"{source}\n{parsed.test}\ncheck({parsed.entry_point})",
                "test_code": parsed.test,
                "extracted_type": origin,
            }
        )
