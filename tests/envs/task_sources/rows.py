"""Rows in the schemas of the data sets, about toy problems of our own."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from typing import Any

Row = dict[str, Any]

ADD = "a, b = map(int, input().split())\nprint(a + b)"
ADD_WRONG = "a, b = map(int, input().split())\nprint(a - b)"
ADD_CPP = (
    "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }"
)
HALF = "print(int(input()) / 2)"
DOUBLE_STARTER = "class Solution:\n    def doubleAll(self, numbers: List[int]) -> List[int]:\n        "
DOUBLE = f"{DOUBLE_STARTER}return [2 * number for number in numbers]"
INVERT = "def invert(table):\n    return {value: key for key, value in table.items()}"


def packed(tests: object) -> str:
    """Private tests as LiveCodeBench packs them."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


def apps() -> Row:
    return {
        "problem_id": 7,
        "question": "Add two numbers.",
        "solutions": json.dumps([ADD, "print(sum(map(int, input().split())))"]),
        "input_output": json.dumps({"inputs": ["1 2\n", "10 -4\n"], "outputs": ["3\n", "6\n"]}),
        "difficulty": "interview",
        "url": "https://example.org/7",
        "starter_code": "",
    }


def apps_call() -> Row:
    truth = {"fn_name": "doubleAll", "inputs": [[[1, 2]], [[]]], "outputs": [[[2, 4]], [[]]]}
    return {
        **apps(),
        "question": "Double every number of a list.",
        "solutions": json.dumps([DOUBLE]),
        "input_output": json.dumps(truth),
        "starter_code": DOUBLE_STARTER,
    }


def taco() -> Row:
    return {
        "question": "Print half of a number.",
        "solutions": json.dumps([HALF]),
        "starter_code": "",
        "input_output": json.dumps({"inputs": ["3\n", "10\n"], "outputs": ["1.5\n", "5.0\n"]}),
        "difficulty": "EASY",
        "raw_tags": "['math']",
        "name": "Half",
        "source": "codeforces",
        "tags": "['Mathematics']",
        "skill_types": "['Greedy algorithms']",
        "url": "https://example.org/half",
        "Expected Auxiliary Space": None,
        "time_limit": "2.0 seconds",
        "date": "2019-12-31",
        "picture_num": "0",
        "memory_limit": "256.0 megabytes",
        "Expected Time Complexity": None,
    }


def taco_verified() -> Row:
    row = taco()
    return {
        "id": 12,
        "question": row["question"],
        "solutions": [HALF],
        "starter_code": "",
        "input_output": {"inputs": ["3\n"], "outputs": ["1.5\n"]},
        "source": "codechef",
    }


def code_contests() -> Row:
    return {
        "name": "1_A. Sum",
        "description": "Print the sum of two numbers.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["5 5\n"], "output": ["10\n"]},
        "generated_tests": {"input": ["7 -7\n", "1 2\n"], "output": ["0\n", "3\n"]},
        "source": 2,
        "difficulty": 7,
        "solutions": {"language": [2, 3, 3], "solution": [ADD_CPP, ADD + "\n# longer", ADD]},
        "incorrect_solutions": {"language": [3, 2, 1], "solution": [ADD_WRONG, "int main() {}", "print 1"]},
        "cf_contest_id": 1,
        "cf_index": "A",
        "cf_points": 0.0,
        "cf_rating": 800,
        "cf_tags": ["math", ""],
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": 2, "nanos": 500_000_000},
        "memory_limit_bytes": 256_000_000,
        "input_file": "",
        "output_file": "",
    }


def livecodebench() -> Row:
    """A problem with whole programs; private tests as plain JSON."""
    return {
        "question_title": "Sum",
        "question_content": "Print the sum of two numbers.",
        "platform": "atcoder",
        "question_id": "abc999_a",
        "contest_id": "abc999",
        "contest_date": "2024-08-11T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
        "private_test_cases": json.dumps([{"input": "2 2\n", "output": "4\n", "testtype": "stdin"}]),
        "metadata": "{}",
    }


def livecodebench_call() -> Row:
    """A problem with a method; private tests packed."""
    public = [{"input": "[1, 2]", "output": "[2, 4]", "testtype": "functional"}]
    private = [{"input": "[]", "output": "[]", "testtype": "functional"}]
    return {
        **livecodebench(),
        "question_content": "Double every number of a list.",
        "platform": "leetcode",
        "question_id": "9999",
        "starter_code": DOUBLE_STARTER,
        "public_test_cases": json.dumps(public),
        "private_test_cases": packed(private),
        "metadata": json.dumps({"func_name": "doubleAll"}),
    }


def bigcodebench() -> Row:
    head = "import math\nPLACES = 2\ndef task_func(value):\n"
    test = (
        "import unittest\nclass TestCases(unittest.TestCase):\n"
        "    def test_root(self):\n        self.assertEqual(task_func(2), 1.41)\n"
        "    def test_negative(self):\n        with self.assertRaises(ValueError):\n"
        "            task_func(-1)\n"
    )
    return {
        "task_id": "BigCodeBench/9000",
        "complete_prompt": f'{head}    """The root, with two places."""\n',
        "instruct_prompt": "Round a root to two places. Begin with:\n```\n" + head + "```",
        "canonical_solution": "    return round(math.sqrt(value), PLACES)\n",
        "code_prompt": head,
        "test": test,
        "entry_point": "task_func",
        "doc_struct": "{}",
        "libs": "['math']",
    }


def xcoder_stdio() -> Row:
    truth = json.dumps(json.dumps({"inputs": ["1 2", "3 4"], "outputs": [3, "7"]}))
    return {
        "id": "syn-1",
        "prompt": [{"role": "user", "content": "Add two numbers. Think first."}],
        "prompter_type": "codeforces",
        "type": "stdin_stdout",
        "problem": "Add two numbers.",
        "input_output": truth,
        "selected_uts": None,
    }


def xcoder_assertions() -> Row:
    cases = ["assert Solution().doubleAll([1]) == [2]", "s = Solution()\nassert s.doubleAll([]) == []"]
    truth = json.dumps(json.dumps(json.dumps({"test_cases": cases})))
    return {
        **xcoder_stdio(),
        "id": "syn-2",
        "problem": "Double every number of a list.",
        "prompter_type": "leetcode",
        "input_output": truth,
    }


def xcoder_call() -> Row:
    inner = {"inputs": [[[1, 2]], [[3]]], "outputs": [[2, 4], [6]], "fn_name": "solution.doubleAll"}
    return {
        **xcoder_stdio(),
        "id": "syn-3",
        "problem": "Double every number of a list.",
        "prompter_type": "livecodebench",
        "input_output": None,
        "selected_uts": json.dumps({"input_output": json.dumps(inner)}),
    }


def klear() -> Row:
    truth = [{"input": "1 2", "output": "3", "testtype": "stdin", "metadata": {"func_name": None}}]
    return {
        "hash": "0123abcd",
        "data_source": "coder1_longcot",
        "prompt": [{"role": "user", "content": "Add two numbers."}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
        "index_level_0": 3,
    }


def verl_sqa() -> Row:
    asked = (
        "Please solve this problem. You should show your thinking process in <think> </think> tags. "
        "You should return the final answer in <answer> </answer> tags. Add two numbers."
    )
    return {
        "data_source": "codeparrot/apps",
        "prompt": [{"role": "user", "content": asked}],
        "ability": "code_generation",
        "reward_model": {"style": "rule", "ground_truth": apps()["input_output"]},
        "extra_info": {"split": "train", "index": 4, "solution": {"target": json.dumps([ADD])}},
    }


def verl_coder() -> Row:
    check = "def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n"
    truth = {"functional": f"{check}\n\ncheck(Solution().doubleAll)"}
    about = {
        "split": "train",
        "index": 5,
        "reference": f"from typing import List\n{DOUBLE}",
        "dataset": "leetcode",
        "prompt": "",
        "task_id": "double-all",
        "entry_point": "Solution().doubleAll",
        "difficulty": "Easy",
        "function_declaration": None,
        "original_question": "Double every number of a list.",
    }
    return {
        "data_source": "leetcode",
        "prompt": [{"role": "user", "content": "Use the interpreter. Double every number of a list."}],
        "ability": "coding",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
        "extra_info": about,
    }


def common_oj() -> Row:
    tests = [
        {"input": {"stdin": "1 2"}, "output": {"stdout": "3"}},
        {"input": {"stdin": "4 4"}, "output": {"stdout": "8"}},
    ]
    return {
        "id": 31,
        "content": "Add two numbers.",
        "labels": json.dumps({"programming_language": "python", "category": "oj"}),
        "test": json.dumps(tests),
        "canonical_solution": ADD,
    }


def cruxeval() -> Row:
    return {
        "code": "def f(text):\n    return text.upper()",
        "input": "'ab'",
        "output": "'AB'",
        "id": "sample_0",
    }


def xcoder_sft() -> Row:
    answer = f"<think>\nAdd them.\n</think>\nHere it is:\n```python\n{ADD}\n```\n"
    return {"query": "Add two numbers.", "response": answer}
