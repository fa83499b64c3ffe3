"""Questions that are there already: rows of a file, or the statements of a task set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...envs.task import Task
from ...envs.task_data.set_choice import SetChoice
from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.row_error import RowError
from ...envs.task_sources.row_files import FileRow, rows_of_file
from ...rewards.tests import CallTests, CheckTests, StdioTests
from .content_key import content_key
from .question import Question
from .rejection import RejectedError
from .reply import entry_point_in

_TEXTS = ("question", "query", "prompt", "problem", "question_content", "problem_description")
_STARTS = ("starter_code", "function_declaration")


def read_questions(text: str, *, source: str, limit: int | None = None) -> Iterator[Question | BadRow]:
    """The questions of a file or of a task set; tests and solutions that they have are not looked at.

    Args:
        text: A `.jsonl`, `.json` or `.parquet` file with one of the fields `question`, `query`, `prompt`,
            `problem`, `question_content`, `problem_description`, and, for functions, `entry_point` or
            `starter_code`; or a task set as `NAME[:SPLIT][=PATH]`.
        source: What ids begin with.
        limit: The most rows to read.

    Raises:
        SetChoiceError: If it is neither.
        UnknownFormatError: If the file has another suffix.
    """
    path = Path(text)
    found = _rows(path, source) if path.is_file() else _tasks(text, source)
    for place, question in enumerate(found):
        if limit is not None and place >= limit:
            return
        yield question


def _rows(path: Path, source: str) -> Iterator[Question | BadRow]:
    for row in rows_of_file(path):
        if isinstance(row.values, RowError):
            yield BadRow(path.name, row.number, "", str(row.values), row.excerpt)
            continue
        yield _question(row.values, path.name, row, source)


def _question(values: Mapping[str, Any], file: str, row: FileRow, source: str) -> Question | BadRow:
    text = next((values[name] for name in _TEXTS if isinstance(values.get(name), str)), "").strip()
    if not text:
        return BadRow(file, row.number, "question", f"it needs a text in one of: {', '.join(_TEXTS)}")
    try:
        entry_point = _entry_point(values)
        return Question(id=_id(source, text, entry_point), text=text, entry_point=entry_point)
    except RejectedError as error:
        return BadRow(file, row.number, "starter_code", str(error))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        return BadRow(file, row.number, ".".join(map(str, fault["loc"])), str(fault["msg"]))


def _entry_point(values: Mapping[str, Any]) -> str:
    if isinstance(named := values.get("entry_point"), str):
        return named.strip()
    tests = values.get("tests")
    if isinstance(tests, Mapping) and isinstance(tests.get("entry_point"), str):
        return str(tests["entry_point"])
    start = next((values[name] for name in _STARTS if isinstance(values.get(name), str)), "").strip()
    if not start:
        return ""
    return entry_point_in(f"```python\n{start}{' pass' if start.endswith(':') else ''}\n```")


def _tasks(text: str, source: str) -> Iterator[Question | BadRow]:
    for place, found in enumerate(SetChoice.parse(text).read(), start=1):
        if isinstance(found, BadRow):
            yield found
            continue
        entry_point = _entry_point_of(found)
        if entry_point is None:
            told = f"a task with {found.tests.kind} tests does not say what a solution defines"
            yield BadRow(text, place, "tests", told, left_out=True)
        else:
            yield Question(
                id=_id(source, found.prompt, entry_point), text=found.prompt, entry_point=entry_point
            )


def _entry_point_of(task: Task) -> str | None:
    match task.tests:
        case StdioTests():
            return ""
        case CallTests(entry_point=name) | CheckTests(entry_point=name):
            return name
    return None


def _id(source: str, text: str, entry_point: str) -> str:
    return f"{source}/{content_key(text, entry_point)[:16]}"
