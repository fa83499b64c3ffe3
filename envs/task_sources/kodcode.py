"""KodCode-Light-RL-10K (arXiv 2503.02951): questions with pytest modules that import from `solution`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...rewards.tests import PytestTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_IMPORTS_SOLUTION = re.compile(r"^\s*(?:from\s+solution\s+import|import\s+solution\b)", re.MULTILINE)


def parse_kodcode(row: RawRow) -> Task:
    """Makes a task of a row; the older field `test_code` is known too."""
    declared = _declarations(row)
    note = f"\n\nNote that the function declaration is {' and '.join(declared)}." if declared else ""
    tags = tuple(tag for tag in (row.text_or("subset"), row.text_or("style")) if tag)
    return Task(
        id=f"kodcode/{row.identifier('question_id')}",
        prompt=f"{row.text('question').strip()}{note}\n\nSubmit a whole Python program.",
        tests=PytestTests(source=pytest_source(row.text("test" if row.has("test") else "test_code"))),
        metadata=TaskMetadata(
            source="kodcode", difficulty=row.text_or("gpt_difficulty") or "unknown", tags=tags, time_limit=20
        ),
        reference=row.text("solution"),
    )


def pytest_source(test: str) -> str:
    """The test module, which finds the submission's names also where it does not ask for them."""
    return test if _IMPORTS_SOLUTION.search(test) else f"from solution import *\n{test}"


def _declarations(row: RawRow) -> list[str]:
    found = []
    for info in row.items("test_info"):
        if not isinstance(info, Mapping):
            raise row.error("test_info", "it must be a list of objects")
        if text := info.get("function_declaration"):
            found.append(f"`{str(text).strip().removesuffix(':')}`")
    return found


KODCODE = TaskSource(
    name="kodcode",
    title="KodCode-Light-RL-10K",
    licence="CC-BY-NC-4.0",
    files=HubFiles("KodCode/KodCode-Light-RL-10K"),
    splits={"train": ("*train-*.parquet", "*.parquet", "*.jsonl*", "*.json*")},
    parse=parse_kodcode,
)
