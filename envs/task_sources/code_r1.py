"""Code-R1-12K: LeetCode and TACO problems in the row format of verl."""

from __future__ import annotations

from collections.abc import Mapping

from ...rewards.tests import CheckTests
from ..task import Task, TaskMetadata
from .chat_prompt import last_user_message
from .ground_truth import read_ground_truth
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_INSTRUCTION = (
    "Please solve the programming task below using a self-contained code snippet in a markdown code block."
)


def _parse(row: RawRow) -> Task:
    about = row.part("extra_info")
    dataset = about.text_or("dataset") or row.text_or("data_source") or "code-r1"
    tests = read_ground_truth(row.part("reward_model"))
    if isinstance(tests, CheckTests) and row.text_or("test"):
        tests = tests.model_copy(update={"source": row.text("test")})
    number = about.values.get("index", row.number - 1)
    return Task(
        id=f"code-r1/{dataset.rpartition('/')[2]}/{row.split}-{number}",
        prompt=last_user_message(row).removeprefix(_INSTRUCTION).strip()
        + "\n\nSubmit a whole Python program.",
        tests=tests,
        metadata=TaskMetadata(source="code-r1", difficulty=_difficulty(row), tags=(dataset,), time_limit=30),
        reference=about.text_or("reference") or row.text_or("completion") or None,
    )


def _difficulty(row: RawRow) -> str:
    about = row.values.get("meta")
    return str((about.get("difficulty") if isinstance(about, Mapping) else None) or "unknown").lower()


CODE_R1 = TaskSource(
    name="code-r1",
    title="Code-R1-12K",
    licence="Apache-2.0",
    files=HubFiles("ganler/code-r1-12k"),
    splits={
        "train": ("*train*.parquet", "*train*.jsonl*"),
        "test": ("*test*.parquet", "*test*.jsonl*"),
    },
    parse=_parse,
)
