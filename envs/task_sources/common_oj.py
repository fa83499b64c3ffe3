"""Rows that SandboxFusion judges as CommonOJ: standard input and output, some with files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...rewards.tests import Language, StdioTests
from ..task import Task, TaskMetadata
from .contest_fields import contest_prompt, flags
from .io_tests import stdio_tests, time_budget
from .raw_row import RawRow
from .row_error import RowError
from .task_source import LocalFiles, TaskSource

_SECONDS_A_TEST = 20.0
_LANGUAGES: Mapping[str, Language] = {"": Language.PYTHON, "python": Language.PYTHON, "cpp": Language.CPP}


def _parse(row: RawRow) -> Task:
    statement = row.text("content" if row.has("content") else "prompt")
    tests = common_oj_tests(row)
    return Task(
        id=f"common-oj/{row.identifier('id')}",
        prompt=contest_prompt(statement, tests),
        tests=tests,
        metadata=TaskMetadata(
            source="common-oj",
            tags=(tests.language.value, *flags(statement)),
            time_limit=time_budget(_SECONDS_A_TEST, tests),
        ),
        reference=row.text_or("canonical_solution") or None,
    )


def common_oj_tests(row: RawRow, field: str = "test") -> StdioTests:
    """Reads `[{"input": {"stdin": …}, "output": {"stdout": …}}, …]`, or JSON text of it.

    Raises:
        RowError: If the field holds no tests, or tests of anything but standard input and output.
    """
    items = row.decoded(field)
    if not isinstance(items, list | tuple) or not items:
        raise row.error(field, "it must be a list with at least one test")
    pairs = tuple(_pairs(row, field, items))
    labels = row.decoded_part("labels") if row.has("labels") else replace(row, values={})
    name = labels.text_or("programming_language").lower()
    if name not in _LANGUAGES:
        raise labels.error("programming_language", "it must be python or cpp")
    return stdio_tests(pairs, language=_LANGUAGES[name], seconds=_SECONDS_A_TEST)


def _pairs(row: RawRow, field: str, items: list[object] | tuple[object, ...]) -> Iterator[tuple[str, str]]:
    for number, item in enumerate(items):
        place = f"{row.within}{field}[{number}]"
        if not isinstance(item, Mapping):
            raise RowError(place, item, "it must be an object with input and output")
        test = replace(row, values=item, within=f"{place}.")
        yield _stream(test, "input", "stdin"), _stream(test, "output", "stdout")


def _stream(test: RawRow, side: str, name: str) -> str:
    part = test.part(side)
    if others := [key for key, value in part.values.items() if key != name and value]:
        raise part.error(others[0], f"only {name} can be judged")
    value = part.values.get(name)
    if not isinstance(value, str):
        raise part.error(name, "it must be a text")
    return value


COMMON_OJ = TaskSource(
    name="common-oj",
    title="SandboxFusion's CommonOJ rows",
    licence="of the set itself",
    files=LocalFiles("a file of rows {id, content, test}"),
    splits={"test": ("*.jsonl*", "*.parquet", "*.json*")},
    parse=_parse,
)
