"""Rows of every contest set become the tasks that they mean."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from replgym.envs.task import Task
from replgym.envs.task_sources.contest_fields import SEVERAL_ANSWERS, flags, seconds, size
from replgym.envs.task_sources.raw_row import RawRow
from replgym.envs.task_sources.reader import SourceError
from replgym.envs.task_sources.registry import TASK_SOURCES
from replgym.envs.task_sources.row_error import RowLeftOut
from replgym.rewards.comparison import FloatText, FloatValue, TokenText
from replgym.rewards.tests import AssertTests, CallTests, CheckTests, Language, StdioTests, UnittestTests

from . import rows


def parsed(source: str, values: rows.Row, *, split: str = "train", file: str = "", **options: Any) -> Task:
    chosen = TASK_SOURCES[source]
    if options:
        assert chosen.configure is not None
        chosen = chosen.configure(**options)
    made = chosen.parse(RawRow(values, file=file, number=1, split=split))
    assert isinstance(made, Task)
    assert Task.model_validate_json(made.model_dump_json()) == made
    return made


def stdio(task: Task) -> StdioTests:
    assert isinstance(task.tests, StdioTests)
    return task.tests


def calls(task: Task) -> CallTests:
    assert isinstance(task.tests, CallTests)
    return task.tests


def test_apps_program() -> None:
    task = parsed("apps", rows.apps())
    assert task.id == "apps/train/7"
    assert [(case.stdin, case.expected) for case in stdio(task).cases] == [
        ("1 2\n", "3\n"),
        ("10 -4\n", "6\n"),
    ]
    assert stdio(task).comparison == TokenText()
    assert task.reference == rows.ADD
    assert task.metadata.difficulty == "interview"
    assert task.metadata.time_limit == 8
    assert stdio(task).seconds_per_case == 4
    assert "Add two numbers." in task.prompt


def test_apps_method_with_wrapped_results() -> None:
    task = parsed("apps", rows.apps_call())
    assert calls(task).entry_point == "Solution().doubleAll"
    assert [(case.arguments, case.expected) for case in calls(task).cases] == [
        (([1, 2],), [2, 4]),
        (([],), []),
    ]
    assert calls(task).comparison == FloatValue()
    assert rows.DOUBLE_STARTER.strip() in task.prompt


def test_lines_are_joined() -> None:
    row = rows.apps() | {"input_output": json.dumps({"inputs": [["1", "2"]], "outputs": [["3", "4"]]})}
    assert stdio(parsed("apps", row)).cases[0].model_dump() == {"stdin": "1\n2", "expected": "3\n4"}


def test_plain_function_without_starter_code() -> None:
    truth = {"fn_name": "double", "inputs": [[2]], "outputs": [4]}
    row = rows.apps() | {"input_output": json.dumps(truth), "solutions": "", "starter_code": ""}
    task = parsed("apps", row)
    assert calls(task).entry_point == "double"
    assert task.reference is None
    assert "`double`" in task.prompt


def test_integer_keys_come_back() -> None:
    truth = {"fn_name": "invert", "inputs": [[{"1": "a"}]], "outputs": [[{"a": 1}]]}
    row = rows.apps() | {"input_output": json.dumps(truth), "solutions": json.dumps([rows.INVERT])}
    tests = parsed("apps", row).tests
    assert isinstance(tests, AssertTests)
    assert tests.statements == ("assert invert({1: 'a'}) == {'a': 1}",)


def test_apps_without_tests_is_left_out() -> None:
    with pytest.raises(RowLeftOut, match="input_output"):
        parsed("apps", rows.apps() | {"input_output": ""})


def test_taco() -> None:
    task = parsed("taco", rows.taco())
    assert stdio(task).comparison == FloatText()
    assert task.metadata.model_dump() == {
        "source": "taco",
        "difficulty": "easy",
        "tags": ("stdio", "codeforces", "Mathematics", "Greedy algorithms"),
        "time_limit": 8.0,
        "memory_limit": 256 << 20,
        "date": datetime.date(2019, 12, 31),
    }


def test_taco_special_judges(tmp_path: Any) -> None:
    """The authors' list decides for the test split, by place."""
    path = tmp_path / "output_spj.jsonl"
    needs = {1: None, 2: TokenText(ignore_case=True), 3: FloatText(), 0: None}
    for case, comparison in needs.items():
        path.write_text(json.dumps({"idx": 0, "special_judge": True, "case": case}) + "\n")
        words = {"inputs": ["1"], "outputs": ["YES"]}
        row = rows.taco() | {"input_output": json.dumps(words)}
        task = parsed("taco", row, split="test", special_judges=path)
        assert stdio(task).comparison == (comparison or TokenText())
        assert (SEVERAL_ANSWERS in task.metadata.tags) is (comparison is None)
        assert SEVERAL_ANSWERS not in parsed("taco", row, split="test").metadata.tags
        train = parsed("taco", row, split="train", special_judges=path)
        assert stdio(train).comparison == TokenText()


def test_list_of_special_judges_beats_the_wording(tmp_path: Any) -> None:
    path = tmp_path / "output_spj.jsonl"
    path.write_text(json.dumps({"idx": 0, "special_judge": False, "case": 0}) + "\n")
    row = rows.taco() | {"question": "If there are several answers, print any of them."}
    assert SEVERAL_ANSWERS in parsed("taco", row, split="test").metadata.tags
    listed = parsed("taco", row, split="test", special_judges=path)
    assert SEVERAL_ANSWERS not in listed.metadata.tags


@pytest.mark.parametrize("line", ["[]", "{}", '{"idx": "x", "special_judge": true, "case": 1}', "{"])
def test_broken_list_of_special_judges(tmp_path: Any, line: str) -> None:
    path = tmp_path / "output_spj.jsonl"
    path.write_text(f'{{"idx": 1, "special_judge": false, "case": 0}}\n{line}\n')
    with pytest.raises(SourceError, match=r"row 2: it must look like"):
        parsed("taco", rows.taco(), special_judges=path)


def test_taco_verified() -> None:
    task = parsed("taco-verified", rows.taco_verified())
    assert task.id == "taco-verified/12"
    assert task.reference == rows.HALF


def test_code_contests() -> None:
    task = parsed("code_contests", rows.code_contests())
    assert [case.expected for case in stdio(task).cases] == ["3\n", "10\n", "0\n"]  # the same test once
    assert task.reference == rows.ADD  # the shorter one
    assert task.wrong == (rows.ADD_WRONG,)
    assert task.metadata.difficulty == "A"
    assert task.metadata.tags == ("python", "codeforces", "rating:800", "math")
    assert task.metadata.memory_limit == 256_000_000
    assert stdio(task).seconds_per_case == 12.5


def test_code_contests_in_another_language() -> None:
    task = parsed("code_contests", rows.code_contests(), language="cpp", tests=["public"])
    assert stdio(task).language is Language.CPP
    assert len(stdio(task).cases) == 1
    assert task.reference == rows.ADD_CPP
    assert task.wrong == ("int main() {}",)
    assert "C++" in task.prompt


def test_code_contests_with_files_is_left_out() -> None:
    with pytest.raises(RowLeftOut, match=r"input_file is 'input\.txt'"):
        parsed("code_contests", rows.code_contests() | {"input_file": "input.txt"})


def test_bigcodebench() -> None:
    task = parsed("bigcodebench", rows.bigcodebench())
    assert isinstance(task.tests, UnittestTests)
    assert task.tests.preamble == "import math\nPLACES = 2"
    assert task.metadata.tags == ("function", "instruct", "needs:math")
    assert task.prompt.startswith("Round a root")
    complete = parsed("bigcodebench-hard", rows.bigcodebench(), mode="complete")
    assert complete.prompt.startswith("import math")


def test_xcoder_program_with_twice_encoded_tests() -> None:
    task = parsed("xcoder-rl", rows.xcoder_stdio(), file="syn_rl_data/a/part_0000.parquet")
    assert [case.expected for case in stdio(task).cases] == ["3", "7"]
    assert task.metadata.tags == ("stdio", "codeforces", "synthetic")


def test_xcoder_assertions_encoded_three_times() -> None:
    task = parsed("xcoder-rl", rows.xcoder_assertions(), file="real_rl_data/x.parquet")
    assert isinstance(task.tests, AssertTests)
    assert len(task.tests.statements) == 2
    assert "real" in task.metadata.tags


def test_xcoder_calls() -> None:
    task = parsed("xcoder-rl", rows.xcoder_call())
    assert calls(task).entry_point == "Solution().doubleAll"
    assert calls(task).cases[1].expected == [6]  # results stand bare in this set


def test_xcoder_files_are_a_curriculum() -> None:
    patterns = TASK_SOURCES["xcoder-rl"].splits["synthetic"]
    assert [pattern.rpartition("/")[2] for pattern in patterns] == [
        "rl_tasks_easy.parquet",
        *(f"part_000{part}.parquet" for part in range(4)),
    ]


def test_klear() -> None:
    task = parsed("klear-codesub", rows.klear())
    assert task.id == "klear-codesub/0123abcd"
    assert stdio(task).cases[0].expected == "3"


@pytest.mark.parametrize(
    "truth",
    [
        {"inputs": [[[1]]], "outputs": [[2]], "fn_name": "doubleAll"},
        [{"input": "[1]", "output": "[2]", "testtype": "functional", "metadata": {"func_name": "doubleAll"}}],
        [{"input": [[1]], "output": [2], "type": "function_call", "fn_name": "doubleAll"}],
    ],
)
def test_klear_calls(truth: object) -> None:
    row = rows.klear()
    row["prompt"][0]["content"] = f"Double every number.\n{rows.DOUBLE_STARTER}"
    row["reward_model"]["ground_truth"] = json.dumps(truth)
    tests = calls(parsed("klear-codesub", row))
    assert tests.entry_point == "Solution().doubleAll"
    assert (tests.cases[0].arguments, tests.cases[0].expected) == (([1],), [2])


def test_verl_sqa() -> None:
    task = parsed("verl-sqa", rows.verl_sqa())
    assert task.id == "verl-sqa/train-4"
    assert task.reference == rows.ADD
    assert "<think>" not in task.prompt
    assert task.prompt.endswith("Add two numbers.")


def test_verl_coder() -> None:
    task = parsed("verl-coder", rows.verl_coder())
    assert isinstance(task.tests, CheckTests)
    assert task.tests.entry_point == "Solution().doubleAll"
    assert task.metadata.difficulty == "easy"
    assert task.prompt.startswith("Double every number of a list.")


def test_common_oj() -> None:
    task = parsed("common-oj", rows.common_oj())
    assert len(stdio(task).cases) == 2
    assert task.metadata.time_limit == 40


def test_cruxeval_asks_for_outputs_or_inputs() -> None:
    output = parsed("cruxeval", rows.cruxeval())
    given = parsed("cruxeval", rows.cruxeval(), mode="input")
    assert "'AB'" not in output.prompt
    assert "'ab'" not in given.prompt
    for task in (output, given):
        assert isinstance(task.tests, AssertTests)
        assert task.reference is not None
        names: dict[str, Any] = {}
        for code in (task.tests.setup, task.reference, *task.tests.statements):
            exec(code, names)


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("code_contests", {"tests": ["hidden"]}),
        ("code_contests", {"tests": []}),
        ("code_contests", {"language": "cobol"}),
        ("bigcodebench", {"mode": "few-shot"}),
        ("cruxeval", {"mode": "both"}),
    ],
)
def test_unknown_option_values(source: str, options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(SourceError, match=f"{name} is .*; use (one|some) of: "):
        parsed(source, {}, **options)


@pytest.mark.parametrize(
    ("statement", "flagged"),
    [
        ("If there are multiple possible answers, output any.", True),
        ("If there are several optimal solutions, output any of them.", True),
        ("You may return the pairs in any order.", True),
        ("Print the number of ways, modulo 7.", False),
        ("You can jump to any position.", False),
        ("Do not print any extra spaces.", False),
        ("The edges are given in any order. Print their number.", False),
        ("If there are many solutions, print any.", True),
    ],
)
def test_several_answers_are_flagged(statement: str, flagged: bool) -> None:
    assert bool(flags(statement)) is flagged


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.0 seconds", 2.0),
        ("1500 ms", 1.5),
        ("250 milliseconds", 0.25),
        ("3", 3.0),
        ("0 s", 9.0),
        ("soon", 9.0),
    ],
)
def test_time_limits(text: str, value: float) -> None:
    assert seconds(text, 9.0) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("256.0 megabytes", 256 << 20),
        ("64 MB", 64 << 20),
        ("1 GB", 1 << 30),
        ("512 kB", 512 << 10),
        ("256", None),
    ],
)
def test_memory_limits(text: str, value: int | None) -> None:
    assert size(text) == value
