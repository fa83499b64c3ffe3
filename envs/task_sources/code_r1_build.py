"""Code-R1-12K built anew: LeetCodeDataset v2 and TACO-verified through the filters that made it.

The rest of its recipe is options of `replgym data prepare`: one task for each id, test tasks left out of
training, references run again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from ...rewards.tests import CallTests, StdioTests
from ..task import Task
from .leetcode import parse_leetcode
from .raw_row import RawRow
from .row_error import RowLeftOut
from .taco import TACO_VERIFIED
from .task_source import LocalFiles, TaskSource

_REFUSED_SITES = ("geeksforgeeks", "leetcode")
_FEWEST_CHARACTERS = 100
_MOST_TESTS = 8
_MOST_STDIN = 4096


def _built(row: RawRow) -> Iterable[Task]:
    """A row of either set, through the filters with which Code-R1-12K was made."""
    if row.has("entry_point"):
        return [parse_leetcode(row)]
    site = row.text_or("source").lower()
    if site in _REFUSED_SITES:
        raise RowLeftOut("source", site, "tasks of this site are left out")
    question = row.text("question")
    if sum(map(str.isalnum, question)) < _FEWEST_CHARACTERS:
        raise RowLeftOut("question", question, "questions that say so little are left out")
    if "image" in question.lower():
        raise RowLeftOut("question", question, "questions with images are left out")
    made = TACO_VERIFIED.parse(row)
    tasks = (made,) if isinstance(made, Task) else tuple(made)
    return [_with_few_tests(task, row) for task in tasks]


def _with_few_tests(task: Task, row: RawRow) -> Task:
    """Keeps the smallest tests, by what they read."""
    tests = task.tests
    if isinstance(tests, StdioTests):
        small = [case for case in tests.cases if len(case.stdin.encode()) <= _MOST_STDIN]
        if not small:
            raise RowLeftOut("input_output", tests.cases[0].stdin, "tasks without small tests are left out")
        kept = heapq.nsmallest(_MOST_TESTS, small, key=lambda case: len(case.stdin))
        return task.model_copy(update={"tests": tests.model_copy(update={"cases": tuple(kept)})})
    if isinstance(tests, CallTests):
        calls = heapq.nsmallest(_MOST_TESTS, tests.cases, key=lambda case: len(repr(case.arguments)))
        return task.model_copy(update={"tests": tests.model_copy(update={"cases": tuple(calls)})})
    return task


CODE_R1_BUILD = TaskSource(
    name="code-r1-build",
    title="Code-R1-12K, built anew from LeetCodeDataset and TACO-verified",
    licence="Apache-2.0 and MIT; the statements belong to their authors",
    files=LocalFiles("a folder with LeetCodeDataset-v2-*-problems.jsonl and taco_verified.json"),
    splits={
        "train": ("*-v2-rl-problems.jsonl*", "*-v2-sft-problems.jsonl*", "*taco_verified.json*"),
        "test": ("*-v2-test-problems.jsonl*",),
    },
    parse=_built,
)
