"""LiveCodeBench (arXiv 2403.07974): contest problems by date, so that a model can be asked what it never saw.

Every release holds the ones before it. Public and private tests count alike, and all of them must pass.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...rewards.comparison import FloatText, FloatValue
from ...rewards.tests import CallTests
from ..task import Task, TaskMetadata
from .contest_fields import contest_prompt
from .io_tests import (
    IoTests,
    call_tests,
    entry_point,
    form_of,
    json_lines,
    json_value,
    stdio_tests,
    time_budget,
)
from .packed_text import PackedTextError, unpack_text
from .raw_row import RawRow
from .reader import SourceError
from .row_error import RowError
from .task_source import HubFiles, TaskSource

_RELEASES = 6
_FILES = tuple(f"test{number if number > 1 else ''}.jsonl*" for number in range(1, _RELEASES + 1))
_FIELDS = ("public_test_cases", "private_test_cases")
_SECONDS_A_TEST = 6.0
_AS_NUMBERS = FloatText(absolute=0, relative=0)
"""Its own rule: a line may also be equal as numbers, so `0.50` is `0.5`."""
_AS_VALUES = FloatValue(absolute=0, relative=0)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which problems, and which of their tests."""

    start: datetime.date = datetime.date.min
    end: datetime.date = datetime.date.max
    fields: tuple[str, ...] = _FIELDS


@dataclass(frozen=True, slots=True)
class _Test:
    given: str
    expected: str
    field: str


def _parse(row: RawRow, *, choice: _Choice | None = None) -> Task | tuple[()]:
    chosen = choice or _Choice()
    date = _date(row)
    if not chosen.start <= date <= chosen.end:
        return ()
    starter_code = row.text_or("starter_code")
    tests = _tests(row, chosen.fields, starter_code)
    return Task(
        id=f"livecodebench/{row.identifier('question_id')}",
        prompt=contest_prompt(row.text("question_content"), tests, starter_code),
        tests=tests,
        metadata=TaskMetadata(
            source="livecodebench",
            difficulty=row.text_or("difficulty", "unknown"),
            tags=(form_of(tests), row.text("platform")),
            time_limit=time_budget(_SECONDS_A_TEST, tests),
            date=date,
        ),
    )


def _date(row: RawRow) -> datetime.date:
    value = row.values.get("contest_date")
    if isinstance(value, datetime.datetime):
        return value.date()
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise row.error("contest_date", "it must be an ISO date, such as 2024-08-11T00:00:00") from error


def _tests(row: RawRow, fields: Iterable[str], starter_code: str) -> IoTests:
    found: list[_Test] = []
    kinds: set[str] = set()
    for field in fields:
        for number, item in enumerate(_items(row, field)):
            place = f"{field}[{number}]"
            part = RawRow(_object(item, place), within=f"{place}.")
            kind = part.text("testtype")
            if kind not in ("stdin", "functional"):
                raise part.error("testtype", "it must be stdin or functional")
            kinds.add(kind)
            found.append(_Test(_text(part, "input"), _text(part, "output"), place))
    if not found:
        raise row.error(_FIELDS[0], "there must be at least one test")
    if len(kinds) > 1:
        raise RowError("testtype", sorted(kinds), "all tests of a problem must be of one type")
    if kinds == {"stdin"}:
        return stdio_tests(
            ((test.given, test.expected) for test in found), _AS_NUMBERS, seconds=_SECONDS_A_TEST
        )
    return _call_tests(row, found, starter_code)


def _items(row: RawRow, field: str) -> list[Any]:
    """The tests of a field: JSON text, or the same packed."""
    text = row.text_or(field).strip()
    if not text:
        return []
    try:
        value = json.loads(text if text.startswith(("[", "{")) else unpack_text(text))
    except PackedTextError as error:
        raise row.error(field, f"it must be JSON or a packed text: {error}") from error
    except (ValueError, RecursionError) as error:
        raise row.error(field, f"it must hold JSON: {error}") from error
    if not isinstance(value, list):
        raise row.error(field, "it must hold a list of tests")
    return value


def _object(item: object, place: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise RowError(place, item, "it must be an object with input, output and testtype")
    return item


def _text(part: RawRow, field: str) -> str:
    value = part.values.get(field)
    if not isinstance(value, str):
        raise part.error(field, "it must be a text")
    return value


def _call_tests(row: RawRow, found: Iterable[_Test], starter_code: str) -> CallTests:
    """Functional tests: one JSON value a line for each argument, and one for the result."""
    name = row.decoded_part("metadata").text("func_name")
    calls = [json_lines(test.given, f"{test.field}.input") for test in found]
    results = [json_value(test.expected, f"{test.field}.output") for test in found]
    return call_tests(entry_point(name, starter_code), calls, results, _AS_VALUES)


def _configure(
    *,
    release: str | None = None,
    start: str | datetime.date | None = None,
    end: str | datetime.date | None = None,
    tests: str = "all",
) -> TaskSource:
    """A release, a window of contest dates with both ends in it, and public, private or all tests."""
    fields = {"all": _FIELDS, "public": _FIELDS[:1], "private": _FIELDS[1:]}.get(tests)
    if fields is None:
        raise SourceError(f"tests is {tests!r}; use one of: all, private, public")
    choice = _Choice(_day("start", start, datetime.date.min), _day("end", end, datetime.date.max), fields)
    splits = LIVECODEBENCH.splits
    if release is not None:
        name = release.removeprefix("release_")
        if name not in splits:
            raise SourceError(f"release is {release!r}; use one of: {', '.join(splits)}")
        splits = {name: splits[name]}
    return replace(LIVECODEBENCH, splits=splits, parse=partial(_parse, choice=choice))


def _day(option: str, value: str | datetime.date | None, default: datetime.date) -> datetime.date:
    if value is None:
        return default
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{option} is {value!r}; it must be a date, such as 2024-08-01") from error


LIVECODEBENCH = TaskSource(
    name="livecodebench",
    title="LiveCodeBench code generation (lite)",
    licence="CC; the statements belong to LeetCode, AtCoder and Codeforces",
    files=HubFiles("livecodebench/code_generation_lite"),
    splits={f"v{release}": _FILES[:release] for release in range(_RELEASES, 0, -1)},
    parse=_parse,
    evaluation=True,
    configure=_configure,
)
