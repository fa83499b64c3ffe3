"""Problems in the plain form: every format is judged, and what is missing is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from replgym.envs import Task
from replgym.envs.task_data.validation import Validation
from replgym.envs.task_sources.raw_row import RawRow
from replgym.envs.task_sources.row_error import RowError
from replgym.envs.task_sources.task_files import parse_task_row
from replgym.rewards import Judge

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALF = "def half(x):\n    return x / 2\n"
METHOD = """class Solution:
    def half(self, xs: List[float]) -> List[float]:
        return [x / 2 for x in xs]
"""
NODE = """class Node:
    def __init__(self, value):
        self.value = value


def value_of(node):
    return node.value
"""
UNITTEST = """import unittest
{imports}

class HalfTest(unittest.TestCase):
    def test_half(self):
        self.assertEqual(half(3), 1.5)
"""
PROBLEMS: dict[str, dict[str, Any]] = {
    "function_completion": {
        "prompt": "import math\n\ndef half(x):\n    '''Half of x.'''\n",
        "entry_point": "half",
        "tests": "def check(candidate):\n    assert math.isclose(candidate(3), 1.5)\n\n\ncheck(half)\n",
        "solution": HALF,
    },
    "function_from_text": {
        "prompt": "Give the value of a node.",
        "tests": "node = Node(3)\nassert value_of(node) == 3\nassert value_of(Node(4)) == 4\n",
        "test_list": ["assert value_of(node) == 3", "assert value_of(Node(4)) == 4"],
        "solution": NODE,
    },
    "leetcode_class": {
        "prompt": "Halve all.",
        "preamble": "from typing import *\n",
        "entry_point": "Solution().half",
        "tests": "def check(candidate):\n    assert candidate(xs=[1, 2]) == [0.5, 1]\n",
        "solution": METHOD,
    },
    "module_unittest": {
        "prompt": "Halve.",
        "stub": "def half(x):\n    pass\n",
        "solution_file": "half.py",
        "test_files": {"half_test.py": UNITTEST.format(imports="from half import half")},
        "solution": HALF,
    },
    "module_unittest_code": {"prompt": "Halve.", "tests": UNITTEST.format(imports=""), "solution": HALF},
    "numeric_answer": {"prompt": "What is 1000 + 234.5?", "answer": "1,234.5"},
    "stdin_stdout": {
        "prompt": "Halve.",
        "checker": "float_tolerance 1e-3",
        "io_tests": [{"input": "1", "output": "0.5001"}],
        "solution": "print(int(input()) / 2)",
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(2) as judge:
        yield judge


def parsed(form: str, **changes: Any) -> Task:
    return parse_task_row(RawRow({"id": "toy/1", "format": form, **PROBLEMS[form], **changes}))


@pytest.mark.parametrize("form", PROBLEMS)
async def test_every_format_is_judged(judge: Judge, form: str) -> None:
    task = parsed(form)
    assert task.metadata.source == "toy"
    found = await Validation(judge, mutants=0).check(task)
    assert (found.reference, found.accepted, found.message) == (True, (), "")


@pytest.mark.parametrize(
    ("form", "changes", "field"),
    [
        ("function_completion", {"entry_point": None}, "entry_point"),
        ("function_from_text", {"test_list": []}, "test_list"),
        ("module_unittest", {"test_files": {"a": "", "b": ""}}, "test_files"),
        ("numeric_answer", {"answer": ""}, "answer"),
        ("stdin_stdout", {"io_tests": [{"input": ""}]}, "io_tests"),
        ("stdin_stdout", {"checker": "float_tolerance much"}, "checker"),
        ("stdin_stdout", {"format": "essay"}, "format"),
        ("stdin_stdout", {"format": None}, "tests"),
        ("stdin_stdout", {"id": ""}, "id"),
    ],
)
async def test_what_is_missing_is_named(form: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RowError) as caught:
        parsed(form, **changes)
    assert caught.value.field == field
