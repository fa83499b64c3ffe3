"""Rows in the schemas of sets whose tests are Python, about toy problems of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]

PROMPT = """import math

def half(x: float) -> float:
    ''' Half of x, as in math.
    >>> half(3)
    1.5
    '''
"""
BODY = "    return x / 2\n"
HUB_LOOP = """
import numpy as np

def is_floats(x) -> bool:
    return isinstance(x, float) or isinstance(x, np.ndarray)

def assertion(out, exp, atol):
    exact_match = out == exp
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if not exact_match and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert exact_match
"""
HUMANEVAL_PLUS_TEST = f"""{HUB_LOOP}

def check(candidate):
    inputs = [[3], [0.1], [-8]]
    results = [1.5, 0.05, -4.0]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 0)
"""
MBPP_PLUS_TEST = f"""{HUB_LOOP}

inputs = [[3], [0.1], [-8], [1]]
results = [1.5, 0.05, -4.0, 0.5]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion(half(*inp), exp, 0)
"""
MEAN = (
    "class Solution:\n    def mean(self, nums: List[int]) -> float:\n        return sum(nums) / len(nums)\n"
)
MEAN_START = "class Solution:\n    def mean(self, nums: List[int]) -> float:\n        "
HEADER = "from typing import *\nfrom math import *\ninf = float('inf')\n"
MEAN_TEST = """def check(candidate):
    assert candidate(nums = [1, 2]) == 1.5
    assert candidate(nums = [4]) == 4
"""


def humaneval_plus() -> Row:
    return {
        "task_id": "HumanEval/900",
        "prompt": PROMPT,
        "canonical_solution": BODY,
        "entry_point": "half",
        "test": HUMANEVAL_PLUS_TEST,
    }


def humaneval_plus_released() -> Row:
    inputs = {"base_input": [[3]], "plus_input": [[0.1], [-8]], "atol": 0, "contract": ""}
    return {**{key: value for key, value in humaneval_plus().items() if key != "test"}, **inputs}


def mbpp_plus() -> Row:
    return {
        "task_id": 900,
        "code": "def half(x):\n    return x / 2",
        "prompt": "Write a function to halve a number.",
        "source_file": "toy",
        "test_imports": [],
        "test_list": ["assert half(4) == 2"],
        "test": MBPP_PLUS_TEST,
    }


def mbpp_plus_released() -> Row:
    return {
        "task_id": "Mbpp/900",
        "prompt": '"""\nWrite a function to halve a number.\nassert half(4) == 2\n"""\n',
        "entry_point": "half",
        "canonical_solution": "def half(x):\n    return x / 2\n",
        "base_input": [[4]],
        "plus_input": [[3], [[]]][:1],
        "atol": 1e-6,
        "assertion": "assert half(4) == 2",
    }


def mbpp() -> Row:
    return {
        "task_id": 11,
        "text": "Write a function to halve a number.",
        "code": "def half(x):\r\n    return x / 2",
        "test_setup_code": "four = 4",
        "test_list": ["assert half(four) == 2", "assert half(3) == 1.5"],
        "challenge_test_list": [],
    }


def mbpp_sanitized() -> Row:
    row = mbpp()
    return {
        "source_file": "toy",
        "task_id": 602,
        "prompt": row["text"],
        "code": "def half(x):\n    return x / 2",
        "test_imports": ["import math"],
        "test_list": ["assert math.isclose(half(4), 2)", "assert half(3) == 1.5"],
    }


def leetcode() -> Row:
    """Versions 0.1.0 to 0.3.0."""
    return {
        "task_id": "mean",
        "prompt": HEADER,
        "completion": MEAN,
        "entry_point": "Solution().mean",
        "test": MEAN_TEST,
        "query": "Give the mean.",
        "response": "```python ...```",
        "input_output": [{"input": "nums = [1, 2]", "output": "1.5"}],
        "meta": {"question_id": 1, "difficulty": "Easy", "question_title": "Mean", "lang_code": MEAN_START},
    }


def leetcode_flat() -> Row:
    """Version 0.3.1, with a task whose values are objects of its own class."""
    helpers = (
        "class ListNode:\n    def __init__(self, val=0, next=None):\n"
        "        self.val, self.next = val, next\n\n"
        "def list_node(values):\n    head = None\n    for value in reversed(values):\n"
        "        head = ListNode(value, head)\n    return head\n\n"
        "def is_same_list(a, b):\n    while a and b and a.val == b.val:\n        a, b = a.next, b.next\n"
        "    return a is None and b is None\n"
    )
    return {
        "task_id": "drop-first",
        "question_id": 2,
        "difficulty": "Medium",
        "tags": ["Linked List"],
        "problem_description": "Drop the first node.",
        "starter_code": "class Solution:\n"
        "    def drop(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        ",
        "estimated_date": "2024-07-15",
        "prompt": HEADER + helpers,
        "completion": "class Solution:\n    def drop(self, head):\n        return head.next\n",
        "entry_point": "Solution().drop",
        "test": "def check(candidate):\n"
        "    assert is_same_list(candidate(head = list_node([1, 2, 3])), list_node([2, 3]))\n",
        "input_output": [{"input": "head = [1, 2, 3]", "output": "[2, 3]"}],
        "query": "...",
        "response": "...",
    }


def leetcode_v2() -> Row:
    row = leetcode()
    about = {**row["meta"], "query": "Give the mean, please.", "response": "...", "split": "train"}
    left = ("query", "response", "input_output")
    return {**{key: row[key] for key in row if key not in left}, "examples": [], "meta": about}


def kodcode() -> Row:
    return {
        "version": "v1.0",
        "style": "instruct",
        "subset": "Algorithm",
        "question_id": "Algorithm_7_I",
        "question": "Halve a number.",
        "solution": "def half(x):\n    return x / 2",
        "test": "from solution import half\n\ndef test_half():\n    assert half(3) == 1.5\n\n"
        "def test_zero():\n    assert half(0) == 0\n",
        "test_info": [{"docstring": "", "function_declaration": "def half(x):", "function_name": "half",
                       "parameter_list": "(x)"}],
        "gpt_difficulty": "easy",
        "gpt_pass_percentage": 0.9,
        "metadata": {"original_instruction": "", "prompt_id": "", "row_id": 7, "seed_ids": ""},
        "conversations": [{"from": "human", "value": "Halve a number."}],
    }  # fmt: skip


def code_r1(truth: object, reference: str) -> Row:
    asked = "Please solve the programming task below using a self-contained code snippet "
    asked += "in a markdown code block."
    return {
        "data_source": "code",
        "prompt": [{"role": "system", "content": "Think."}, {"role": "user", "content": f"{asked}\n\nToy."}],
        "ability": "coding",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
        "extra_info": {"split": "train", "index": 3, "reference": reference, "dataset": "LeetCodeDataset"},
    }


def taco_verified() -> Row:
    many = [f"{number} {number}\n" for number in range(20)]
    return {
        "id": 5,
        "question": "Read two numbers and print their sum. " * 5,
        "solutions": ["a, b = map(int, input().split())\nprint(a + b)"],
        "starter_code": "",
        "input_output": json.dumps({"inputs": ["9" * 5000 + " 1\n", *many],
                                    "outputs": ["9" * 5000, *(f"{2 * number}\n" for number in range(20))]}),
        "source": "codeforces",
        "difficulty": "EASY",
    }  # fmt: skip


def write_exercise(
    root: Path, slug: str = "half", *, kind: str = "practice", editor: tuple[str, ...] = ()
) -> None:
    """An exercise as Exercism's repository lays it out."""
    folder = root / "exercises" / kind / slug
    (folder / ".meta").mkdir(parents=True)
    (folder / ".docs").mkdir()
    files = {"solution": [f"{slug}.py"], "test": [f"{slug}_test.py"], "example": [".meta/example.py"]}
    config = {"files": {**files, **({"editor": list(editor)} if editor else {})}}
    (folder / ".meta" / "config.json").write_text(json.dumps(config))
    (folder / ".meta" / "example.py").write_text("def half(x):\n    return x / 2\n")
    (folder / ".docs" / "instructions.md").write_text("# Instructions\n\nHalve a number.\n")
    (folder / f"{slug}.py").write_text("def half(x):\n    pass\n")
    (folder / f"{slug}_test.py").write_text(
        f"import unittest\n\nfrom {slug} import half\n\n\nclass HalfTest(unittest.TestCase):\n"
        "    def test_odd(self):\n        self.assertEqual(half(3), 1.5)\n\n"
        "    def test_zero(self):\n        self.assertEqual(half(0), 0)\n"
    )
    track = {"exercises": {"practice": [{"slug": slug, "difficulty": 3}], "concept": []}}
    (root / "config.json").write_text(json.dumps(track))
