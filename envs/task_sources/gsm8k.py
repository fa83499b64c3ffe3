"""GSM8K (arXiv 2110.14168): word problems whose answer is a number.

What a policy hands in is a program, here as everywhere: it must print the number. So one judge serves all
sets, a policy may compute in its program, and the answer stays out of its reach. Numbers are compared with
a tolerance, so that `18` and `18.0` are the same answer.
"""

from __future__ import annotations

import re

from ...rewards.comparison import FloatText
from ...rewards.tests import StdioCase, StdioTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .task_source import HubFiles, TaskSource

_MARK = "####"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _parse(row: RawRow) -> Task:
    worked = row.text("answer")
    number = worked.rpartition(_MARK)[2].strip().replace(",", "").lstrip("$")
    if not _NUMBER.fullmatch(number):
        raise row.error("answer", f"it must end with {_MARK} and a number")
    return Task(
        id=f"gsm8k/{row.split}/{row.number - 1}",
        prompt=f"{row.text('question')}\n\nSubmit a Python program that prints the answer, "
        "as a number without unit.",
        tests=StdioTests(cases=(StdioCase(stdin="", expected=number),), comparison=FloatText()),
        metadata=TaskMetadata(source="gsm8k", tags=("mathematics",)),
        reference=f"print({number})",
    )


GSM8K = TaskSource(
    name="gsm8k",
    title="GSM8K",
    licence="MIT",
    files=HubFiles("openai/gsm8k"),
    splits={
        "train": ("main/train-*.parquet", "train.jsonl*"),
        "test": ("main/test-*.parquet", "test.jsonl*"),
    },
    parse=_parse,
    evaluation=True,
)
