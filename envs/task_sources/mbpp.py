"""MBPP (arXiv 2108.07732), all and sanitized. The split of a task is given by its number alone.

The prompt shows the first assertion, which names the function and its types; the others stay hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...rewards.tests import AssertTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_NUMBERS = {
    "test": range(11, 511),
    "train": range(601, 975),
    "validation": range(511, 601),
    "prompt": range(1, 11),
    "all": range(1, 975),
}


def _parser(name: str) -> Callable[[RawRow], Iterable[Task]]:
    def parse(row: RawRow) -> Iterable[Task]:
        number = row.identifier("task_id")
        if not number.isdecimal():
            raise row.error("task_id", "it must be a number")
        return [_task(row, name, number)] if int(number) in _NUMBERS[row.split] else []

    return parse


def _task(row: RawRow, name: str, number: str) -> Task:
    asserts = row.texts("test_list")
    if not asserts:
        raise row.error("test_list", "it must hold at least one assertion")
    said = row.text("text" if row.has("text") else "prompt")
    setup = "\n".join(part for part in (*row.texts("test_imports"), row.text_or("test_setup_code")) if part)
    return Task(
        id=f"{name}/{number}",
        prompt=f"{said}\n\nSubmit a whole Python program. It must satisfy, among others:\n{asserts[0]}",
        tests=AssertTests(statements=asserts, setup=setup),
        metadata=TaskMetadata(source=name, tags=("function",), time_limit=30),
        reference=row.text("code").replace("\r\n", "\n"),
    )


def _splits(folder: str, file: str) -> dict[str, tuple[str, ...]]:
    named = {split: (f"{folder}/{split}-*.parquet", file) for split in _NUMBERS if split != "all"}
    return {**named, "all": (f"{folder}/*.parquet", file)}


MBPP = TaskSource(
    name="mbpp",
    title="MBPP",
    licence="CC-BY-4.0",
    files=HubFiles("google-research-datasets/mbpp"),
    splits=_splits("full", "mbpp.jsonl*"),
    parse=_parser("mbpp"),
    evaluation=True,
)
MBPP_SANITIZED = TaskSource(
    name="mbpp-sanitized",
    title="MBPP, sanitized",
    licence="CC-BY-4.0",
    files=HubFiles("google-research-datasets/mbpp"),
    splits=_splits("sanitized", "sanitized-mbpp.json*"),
    parse=_parser("mbpp-sanitized"),
    evaluation=True,
)
