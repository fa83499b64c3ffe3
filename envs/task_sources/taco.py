"""TACO (arXiv 2312.14852) and TACO-verified: contest problems with topics, skills and limits.

The authors' list of special judges covers the test split: tasks with several right answers are flagged, the
others get the comparison that the list asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from functools import partial
from pathlib import Path
from types import MappingProxyType

from ...rewards.comparison import FloatText, TextComparison, TokenText
from ..task import Task, TaskMetadata
from .contest_fields import (
    SEVERAL_ANSWERS,
    contest_prompt,
    day,
    digest,
    first_solution,
    flags,
    listed,
    seconds,
    size,
)
from .io_tests import form_of, io_tests, time_budget
from .raw_row import RawRow
from .reader import SourceError
from .row_error import RowError
from .row_files import rows_of_file
from .task_source import HubFiles, TaskSource

_SECONDS_A_TEST = 4.0


class _Need(IntEnum):
    """What a task of the authors' list needs; the numbers are those of the list, but for the first."""

    NOTHING = -1
    OTHER = 0
    SEVERAL_ANSWERS = 1
    LETTER_CASE = 2
    TOLERANCE = 3


_COMPARISONS: Mapping[_Need | None, TextComparison] = MappingProxyType(
    {_Need.LETTER_CASE: TokenText(ignore_case=True), _Need.TOLERANCE: FloatText()}
)
_FLAGS: Mapping[_Need, tuple[str, ...]] = MappingProxyType(
    {_Need.SEVERAL_ANSWERS: (SEVERAL_ANSWERS,), _Need.OTHER: (SEVERAL_ANSWERS,)}
)
_Needs = Mapping[int, _Need]
_UNKNOWN: _Needs = MappingProxyType({})


def parse_taco(row: RawRow, *, source: str = "taco", needs: _Needs = _UNKNOWN) -> Task:
    """Makes a task of a row; `needs` are those of the tasks of the test split, by place."""
    statement, starter_code = row.text("question"), row.text_or("starter_code")
    reference = first_solution(row)
    need = needs.get(row.number - 1) if row.split == "test" else None
    limit = max(seconds(row.text_or("time_limit"), 0), _SECONDS_A_TEST)
    tests = io_tests(
        row.decoded_part("input_output"),
        code=starter_code or reference or "",
        text=_COMPARISONS.get(need),
        seconds=limit,
        apps_rules=True,
    )
    flagged = flags(statement) if need is None else _FLAGS.get(need, ())
    identity = row.identifier("id") if row.has("id") else digest(statement)
    return Task(
        id=f"{source}/{identity}",
        prompt=contest_prompt(statement, tests, starter_code),
        tests=tests,
        metadata=TaskMetadata(
            source=source,
            difficulty=row.text_or("difficulty", "unknown").lower(),
            tags=(form_of(tests), *_tags(row), *flagged),
            time_limit=time_budget(limit, tests),
            memory_limit=size(row.text_or("memory_limit")),
            date=day(row.text_or("date")),
        ),
        reference=reference,
    )


def _tags(row: RawRow) -> tuple[str, ...]:
    """Where the task is from, its topics and its skills."""
    origin = row.text_or("source")
    topics = (*listed(row, "tags"), *listed(row, "skill_types"))
    return tuple(dict.fromkeys((*((origin,) if origin else ()), *topics)))


def _configure(*, special_judges: str | Path | None = None) -> TaskSource:
    """TACO with the authors' list of test tasks that need a special judge, `output_spj.jsonl`."""
    if special_judges is None:
        return TACO
    needs = MappingProxyType(dict(_listed_needs(Path(special_judges))))
    return replace(TACO, parse=partial(parse_taco, source="taco", needs=needs))


def _listed_needs(path: Path) -> Iterator[tuple[int, _Need]]:
    for found in rows_of_file(path):
        try:
            if isinstance(found.values, RowError):
                raise found.values
            place, special = found.values["idx"], found.values["special_judge"]
            yield int(place), _Need(found.values["case"]) if special else _Need.NOTHING
        except (KeyError, TypeError, ValueError) as error:
            wanted = '{"idx": 5, "special_judge": true, "case": 1}'
            raise SourceError(f"{path}, row {found.number}: it must look like {wanted}") from error


TACO = TaskSource(
    name="taco",
    title="TACO",
    licence="Apache-2.0; parts MIT and CC-BY-4.0",
    files=HubFiles("BAAI/TACO"),
    splits={
        "train": ("ALL/train-*.parquet", "train*.jsonl*", "train*.parquet"),
        "test": ("ALL/test-*.parquet", "test*.jsonl*", "test*.parquet"),
    },
    parse=parse_taco,
    configure=_configure,
)
TACO_VERIFIED = TaskSource(
    name="taco-verified",
    title="TACO-verified",
    licence="MIT",
    files=HubFiles("likaixin/TACO-verified"),
    splits={"train": ("taco_verified.json*", "*train*.parquet")},
    parse=partial(parse_taco, source="taco-verified"),
)
