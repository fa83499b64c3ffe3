"""LeetCodeDataset (arXiv 2504.14655), versions 0.1.0 to 0.3.1 and the older files named v1 and v2."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace

from ...rewards.tests import CheckTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_VERSIONS = ("v0.3.1", "v0.3.0", "v0.2.0", "v0.1.0")


def parse_leetcode(row: RawRow) -> Task:
    """Makes a task of a row of any version."""
    about = row.part("meta") if isinstance(row.values.get("meta"), Mapping) else replace(row, values={})
    header = row.text_or("prompt")
    return Task(
        id=f"leetcode/{row.text('task_id')}",
        prompt=f"{_statement(row, about)}\n\nSubmit a whole Python program. These lines run before it:\n"
        f"```python\n{header.strip()}\n```",
        tests=CheckTests(
            entry_point=row.text("entry_point"), source=row.text("test"), context=header, preamble=header
        ),
        metadata=TaskMetadata(
            source="leetcode",
            difficulty=(row.text_or("difficulty") or about.text_or("difficulty", "unknown")).lower(),
            tags=row.texts("tags") or about.texts("tags"),
            date=_date(row, about),
        ),
        reference=row.text("completion"),
    )


def _statement(row: RawRow, about: RawRow) -> str:
    """The problem with the code to start from."""
    if row.has("problem_description"):
        starter = row.text("starter_code").rstrip()
        return f"{row.text('problem_description').strip()}\n\nComplete this code:\n```python\n{starter}\n```"
    return (about.text("query") if about.has("query") else row.text("query")).strip()


def _date(row: RawRow, about: RawRow) -> datetime.date | None:
    value = row.values.get("estimated_date") or about.values.get("estimated_date")
    if isinstance(value, datetime.datetime):
        return value.date()
    if value is None or isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise row.error("estimated_date", "it must be a date, such as 2024-07-01") from error


def _splits() -> dict[str, tuple[str, ...]]:
    splits: dict[str, tuple[str, ...]] = {}
    for part in ("train", "test"):
        splits[part] = (f"*LeetCodeDataset-{_VERSIONS[0]}-{part}.jsonl*", f"*LeetCodeDataset-{part}.jsonl*")
    for version in _VERSIONS:
        for part in ("train", "test"):
            splits[f"{version}-{part}"] = (f"*LeetCodeDataset-{version}-{part}.jsonl*",)
    for part in ("rl", "sft", "test"):
        splits[f"v2-{part}"] = (f"*LeetCodeDataset-v2-{part}-problems.jsonl*",)
    splits["v1-test"] = ("*LeetCodeDataset-v1-test-problems.jsonl*",)
    return splits


LEETCODE = TaskSource(
    name="leetcode",
    title="LeetCodeDataset",
    licence="Apache-2.0; the statements belong to LeetCode",
    files=HubFiles("newfacade/LeetCodeDataset"),
    splits=_splits(),
    parse=parse_leetcode,
)
