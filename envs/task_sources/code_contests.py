"""code_contests (AlphaCode, arXiv 2203.07814): tests by origin, and solutions right and wrong by language.

Wrong solutions stay with the task, so that the tests themselves can be measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from ...rewards.tests import Language
from ..task import Task, TaskMetadata
from .contest_fields import contest_prompt, flags
from .io_tests import stdio_tests, time_budget
from .raw_row import RawRow
from .reader import SourceError
from .row_error import RowError, RowLeftOut
from .task_source import HubFiles, TaskSource

_ORIGINS = ("unknown", "codechef", "codeforces", "hackerearth", "codejam", "atcoder", "aizu")
_DIFFICULTIES = (
    "unknown",
    "easy",
    "medium",
    "hard",
    "harder",
    "hardest",
    "external",
    *"ABCDEFGHIJKLMNOPQRSTUV",
)
_LANGUAGES = MappingProxyType({Language.CPP: 2, Language.PYTHON: 3})
_KINDS = ("public", "private", "generated")
_SECONDS_A_TEST = 4.0
_MOST_WRONG = 5
_SLOWNESS = 5.0
"""Limits are made for C++ on the machines of contests; right solutions in Python need more."""


def _parse(row: RawRow, *, kinds: tuple[str, ...] = _KINDS, language: Language = Language.PYTHON) -> Task:
    name, statement = row.text("name"), row.text("description")
    for field in ("input_file", "output_file"):
        if row.text_or(field):
            raise RowLeftOut(field, row.values[field], "only standard input and output can be judged")
    pairs = tuple(dict.fromkeys(pair for kind in kinds for pair in _pairs(row, f"{kind}_tests")))
    if not pairs:
        raise row.error(f"{kinds[0]}_tests", f"there must be at least one test among {', '.join(kinds)}")
    limit = _seconds(row)
    tests = stdio_tests(pairs, language=language, seconds=limit)
    origin = _named(row, "source", _ORIGINS)
    rating = row.values.get("cf_rating")
    rated = (f"rating:{rating}",) if isinstance(rating, int) and rating > 0 else ()
    topics = (tag for tag in row.texts("cf_tags") if tag)
    memory = row.values.get("memory_limit_bytes")
    return Task(
        id=f"code_contests/{name}",
        prompt=contest_prompt(statement, tests),
        tests=tests,
        metadata=TaskMetadata(
            source="code_contests",
            difficulty=_named(row, "difficulty", _DIFFICULTIES),
            tags=tuple(dict.fromkeys((language.value, origin, *rated, *topics, *flags(statement)))),
            time_limit=time_budget(limit, tests),
            memory_limit=memory if isinstance(memory, int) and memory > 0 else None,
        ),
        reference=min(_sources(row, "solutions", language), key=len, default=None),
        wrong=tuple(_sources(row, "incorrect_solutions", language)[:_MOST_WRONG]),
    )


def _pairs(row: RawRow, field: str) -> Iterator[tuple[str, str]]:
    if not row.has(field):
        return
    part = row.part(field)
    inputs, outputs = part.texts("input"), part.texts("output")
    if len(inputs) != len(outputs):
        raise part.error("output", f"it must have {len(inputs)} entries, one for each input")
    yield from zip(inputs, outputs, strict=True)


def _sources(row: RawRow, field: str, language: Language) -> list[str]:
    """The sources in one language."""
    if not row.has(field):
        return []
    part = row.part(field)
    languages, sources = part.items("language"), part.texts("solution")
    if len(languages) != len(sources):
        raise part.error("language", f"it must have {len(sources)} entries, one for each solution")
    wanted = _LANGUAGES[language]
    return [source for code, source in zip(languages, sources, strict=True) if code == wanted]


def _named(row: RawRow, field: str, names: tuple[str, ...]) -> str:
    """The name of a number of the format's enumerations; a missing one is unknown."""
    value = row.values[field] if row.has(field) else 0
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise row.error(field, f"it must be a number from 0 to {len(names) - 1}")
    return names[value]


def _seconds(row: RawRow) -> float:
    if not row.has("time_limit"):
        return _SECONDS_A_TEST
    part = row.part("time_limit")
    whole, nanos = part.values.get("seconds") or 0, part.values.get("nanos") or 0
    if not isinstance(whole, int | float) or not isinstance(nanos, int | float):
        raise RowError("time_limit", part.values, "seconds and nanos must be numbers")
    return max(float(whole) + nanos / 1e9, 1.0) * _SLOWNESS


def _configure(*, tests: Iterable[str] = _KINDS, language: str | Language = Language.PYTHON) -> TaskSource:
    """Some of the kinds of tests; submissions and references in another language."""
    kinds = (tests,) if isinstance(tests, str) else tuple(tests)
    if not kinds or not set(kinds) <= set(_KINDS):
        raise SourceError(f"tests is {tests!r}; use some of: {', '.join(_KINDS)}")
    try:
        chosen = Language(language)
    except ValueError as error:
        raise SourceError(f"language is {language!r}; use one of: {', '.join(Language)}") from error
    return replace(CODE_CONTESTS, parse=partial(_parse, kinds=kinds, language=chosen))


CODE_CONTESTS = TaskSource(
    name="code_contests",
    title="code_contests",
    licence="CC-BY-4.0",
    files=HubFiles("deepmind/code_contests"),
    splits={
        "train": ("*train-*.parquet", "*train*.jsonl*"),
        "valid": ("*valid-*.parquet", "*valid*.jsonl*"),
        "test": ("*test-*.parquet", "*test*.jsonl*"),
    },
    parse=_parse,
    configure=_configure,
)
