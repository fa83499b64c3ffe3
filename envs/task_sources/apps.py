"""APPS (arXiv 2105.09938): contest problems of three difficulties; many of its test rows have no tests."""

from __future__ import annotations

from ..task import Task, TaskMetadata
from .contest_fields import contest_prompt, first_solution, flags
from .io_tests import form_of, io_tests, time_budget
from .raw_row import RawRow
from .row_error import RowLeftOut
from .task_source import HubFiles, TaskSource

_SECONDS_A_TEST = 4.0


def _parse(row: RawRow) -> Task:
    statement, starter_code = row.text("question"), row.text_or("starter_code")
    number = row.identifier("problem_id" if row.has("problem_id") else "id")
    reference = first_solution(row)
    if not row.text_or("input_output").strip():
        raise RowLeftOut("input_output", "", "problems without tests cannot be judged")
    tests = io_tests(
        row.decoded_part("input_output"),
        code=starter_code or reference or "",
        seconds=_SECONDS_A_TEST,
        apps_rules=True,
    )
    tags = (form_of(tests), *flags(statement))
    return Task(
        id=f"apps/{row.split}/{number}",
        prompt=contest_prompt(statement, tests, starter_code),
        tests=tests,
        metadata=TaskMetadata(
            source="apps",
            difficulty=row.text_or("difficulty", "unknown"),
            tags=tags,
            time_limit=time_budget(_SECONDS_A_TEST, tests),
        ),
        reference=reference,
    )


APPS = TaskSource(
    name="apps",
    title="APPS",
    licence="MIT",
    files=HubFiles("codeparrot/apps"),
    splits={
        "train": ("train.jsonl*", "*/train.jsonl*", "*train-*.parquet"),
        "test": ("test.jsonl*", "*/test.jsonl*", "*test-*.parquet"),
    },
    parse=_parse,
)
