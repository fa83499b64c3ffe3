"""Sets whose tests are Python: references pass, programs that are wrong for certain fail, fields are kept."""

from __future__ import annotations

import datetime
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from replgym.envs import Task, TaskSet
from replgym.envs.task_data.validation import Validation
from replgym.envs.task_sources import TASK_SOURCES, BadRow, RawRow, RowError, read
from replgym.envs.task_sources.code_r1_build import CODE_R1_BUILD
from replgym.envs.task_sources.ground_truth import code_r1_ground_truth, read_ground_truth
from replgym.rewards import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    Judge,
    PytestTests,
    StdioTests,
    UnittestTests,
)

from . import function_rows as rows

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(2) as judge:
        yield judge


def parsed(source: str, row: rows.Row, split: str = "train") -> Task:
    made = TASK_SOURCES[source].parse(RawRow(row, split=split))
    (task,) = (made,) if isinstance(made, Task) else tuple(made)
    return Task.model_validate_json(task.model_dump_json())


FUNCTIONAL = {"functional": rows.MEAN_TEST + "\n\ncheck(Solution().mean)"}
DEEP_EQUAL = {"functional": "def _deep_eq(a, b, tol=1e-5):\n    return abs(a - b) < tol\n\n"
              "assert _deep_eq(half(3), 1.5)\nassert _deep_eq(half(0), 0)\n"}  # fmt: skip
STDIO = {"inputs": ["3\n", "8\n"], "outputs": ["6\n", "16\n"]}
PYTEST = {"pytest": rows.kodcode()["test"]}
HALF = "def half(x):\n    return x / 2"
EVERY_ROW: list[tuple[str, rows.Row, str, type, int]] = [
    ("humaneval+", rows.humaneval_plus(), "test", CheckTests, 3),
    ("humaneval+", rows.humaneval_plus_released(), "test", CheckTests, 3),
    ("mbpp+", rows.mbpp_plus(), "test", CheckTests, 4),
    ("mbpp+", rows.mbpp_plus_released(), "test", CheckTests, 2),
    ("mbpp", rows.mbpp(), "test", AssertTests, 2),
    ("mbpp-sanitized", rows.mbpp_sanitized(), "train", AssertTests, 2),
    ("leetcode", rows.leetcode(), "v0.2.0-train", CheckTests, 2),
    ("leetcode", rows.leetcode_flat(), "train", CheckTests, 1),
    ("leetcode", rows.leetcode_v2(), "v2-rl", CheckTests, 2),
    ("kodcode", rows.kodcode(), "train", PytestTests, 2),
    ("code-r1", rows.code_r1(FUNCTIONAL, rows.MEAN), "train", CheckTests, 2),
    ("code-r1", rows.code_r1(DEEP_EQUAL, HALF), "train", AssertTests, 2),
    ("code-r1", rows.code_r1(STDIO, "print(2 * int(input()))"), "train", StdioTests, 2),
    ("code-r1", rows.code_r1(PYTEST, HALF), "train", PytestTests, 2),
    ("gsm8k", {"question": "Sum?", "answer": "Add.\n#### 1,234.50"}, "test", StdioTests, 1),
]


@pytest.mark.parametrize(("source", "row", "split", "kind", "count"), EVERY_ROW)
async def test_references_pass_and_wrong_programs_fail(
    judge: Judge, source: str, row: rows.Row, split: str, kind: type, count: int
) -> None:
    task = parsed(source, row, split)
    assert isinstance(task.tests, kind)
    assert task.metadata.source == source
    found = await Validation(judge, mutants=0).check(task)
    assert (found.reference, found.accepted, found.message) == (True, (), "")
    assert found.wrong >= 1
    assert task.reference is not None
    verdict = await judge.grade(task.tests, task.reference, time_limit=20)
    assert len(verdict.tests) == count


async def test_one_wrong_answer_fails_one_round_of_evalplus(judge: Judge) -> None:
    wrong = "def half(x):\n    return x / 2 if x > 0 else 0.0"
    for row in (rows.humaneval_plus(), rows.humaneval_plus_released()):
        verdict = await judge.grade(parsed("humaneval+", row).tests, wrong, time_limit=20)
        assert [test.outcome for test in verdict.tests] == ["passed", "passed", "wrong_answer"]


async def test_exercises_come_from_the_repository(judge: Judge, tmp_path: Path) -> None:
    rows.write_exercise(tmp_path, "more", editor=("data.py",))
    rows.write_exercise(tmp_path)
    (tmp_path / "exercises" / "practice" / "broken" / ".meta").mkdir(parents=True)
    (tmp_path / "exercises" / "practice" / "broken" / ".meta" / "config.json").write_text("{}")
    tasks = TaskSet.load("exercism", path=tmp_path)
    assert [(bad.file, bad.field) for bad in tasks.bad_rows] == [
        ("exercises/practice/broken/.meta/config.json", ""),
        ("exercises/practice/more/.meta/config.json", "editor_files"),
    ]
    (task,) = tasks
    assert (task.id, task.metadata.difficulty) == ("exercism/half", "3")
    assert isinstance(task.tests, UnittestTests)
    assert task.tests.module == "half"
    found = await Validation(judge).check(task)
    assert (found.reference, found.accepted) == (True, ())


async def test_reasoning_gym_is_judged_by_its_own_scorers(judge: Judge) -> None:
    names = ["basic_arithmetic", "prime_factorization"]
    tasks = TaskSet.load("reasoning-gym", datasets=names, size=2, seed=1)
    assert [task.metadata.tags[0] for task in tasks] == names
    kinds = [task.tests.comparison.kind for task in tasks if isinstance(task.tests, StdioTests)]
    assert kinds == ["exact", "special"]
    assert (await judge.grade(tasks[1].tests, tasks[1].reference or "", time_limit=20)).passed
    garbage = "print('garbage that the scorer raises on')"
    assert not (await judge.grade(tasks[1].tests, garbage, time_limit=20)).passed
    twice, other = (TaskSet.load("reasoning-gym", datasets=names, size=2, seed=seed) for seed in (1, 2))
    assert twice == tasks
    assert not {task.id for task in other} & {task.id for task in tasks}
    held_out = TaskSet.load("reasoning-gym", datasets=names, size=2, seed=1, split="test")
    assert not {task.prompt for task in held_out} & {task.prompt for task in tasks}


async def test_the_split_of_mbpp_is_its_number(tmp_path: Path) -> None:
    numbers = (1, 11, 510, 511, 601, 974)
    (tmp_path / "mbpp.jsonl").write_text(
        "".join(json.dumps({**rows.mbpp(), "task_id": n}) + "\n" for n in numbers)
    )
    found = {split: [task.id for task in TaskSet.load("mbpp", path=tmp_path, split=split)]
             for split in ("prompt", "test", "validation", "train")}  # fmt: skip
    assert found == {
        "prompt": ["mbpp/1"],
        "test": ["mbpp/11", "mbpp/510"],
        "validation": ["mbpp/511"],
        "train": ["mbpp/601", "mbpp/974"],
    }
    assert len(TaskSet.load("mbpp", path=tmp_path, split="all")) == 6


async def test_what_rows_tell_is_kept() -> None:
    flat = parsed("leetcode", rows.leetcode_flat())
    assert flat.metadata.difficulty == "medium"
    assert flat.metadata.tags == ("Linked List",)
    assert flat.metadata.date == datetime.date(2024, 7, 15)
    assert "Drop the first node." in flat.prompt
    assert "Optional[ListNode]" in flat.prompt
    assert "Give the mean, please." in parsed("leetcode", rows.leetcode_v2()).prompt
    code = parsed("kodcode", rows.kodcode())
    assert "`def half(x)`" in code.prompt
    assert (code.metadata.difficulty, code.metadata.tags) == ("easy", ("Algorithm", "instruct"))
    asked = parsed("code-r1", rows.code_r1(STDIO, "")).prompt
    assert asked.startswith("Toy.")
    assert "assert half(3) == 1.5" not in parsed("mbpp", rows.mbpp(), "test").prompt


@pytest.mark.parametrize(
    ("source", "row", "field"),
    [
        ("humaneval+", {**rows.humaneval_plus(), "test": "x = 1"}, "test"),
        ("humaneval+", {**rows.humaneval_plus(), "test": None}, "base_input"),
        ("mbpp+", {**rows.mbpp_plus(), "test": "for i in a:\n    pass"}, "test"),
        ("mbpp", {**rows.mbpp(), "test_list": []}, "test_list"),
        ("mbpp", {**rows.mbpp(), "task_id": "eleven"}, "task_id"),
        ("leetcode", {**rows.leetcode_flat(), "estimated_date": "soon"}, "estimated_date"),
        ("leetcode", {**rows.leetcode(), "entry_point": ""}, "entry_point"),
        ("kodcode", {**rows.kodcode(), "test_info": ["half"]}, "test_info"),
        ("code-r1", rows.code_r1({"other": 1}, ""), "reward_model.ground_truth"),
        ("code-r1", rows.code_r1({"functional": "def ("}, ""), "reward_model.ground_truth.functional"),
        ("gsm8k", {"question": "?", "answer": "no mark"}, "answer"),
    ],
)
async def test_malformed_rows_name_the_field(source: str, row: rows.Row, field: str) -> None:
    split = "test" if source == "mbpp" else "train"
    with pytest.raises(RowError) as caught:
        parsed(source, row, split)
    assert caught.value.field == field


async def test_code_r1_is_built_through_its_filters(tmp_path: Path) -> None:
    good = rows.taco_verified()
    left_out = [{**good, "source": "geeksforgeeks"}, {**good, "question": "Short."},
                {**good, "question": good["question"] + "See the image."},
                {**good, "input_output": json.dumps({"inputs": ["x" * 5000], "outputs": ["1"]})}]  # fmt: skip
    (tmp_path / "taco_verified.json").write_text(json.dumps([good, *left_out]))
    (tmp_path / "LeetCodeDataset-v2-rl-problems.jsonl").write_text(json.dumps(rows.leetcode_v2()))
    found = list(read(CODE_R1_BUILD, tmp_path))
    leetcode, taco = (each for each in found if isinstance(each, Task))
    assert leetcode.id == "leetcode/mean"
    assert isinstance(taco.tests, StdioTests)
    assert [case.stdin for case in taco.tests.cases] == [f"{n} {n}\n" for n in range(8)]
    bad = [each for each in found if isinstance(each, BadRow)]
    assert [each.field for each in bad] == ["source", "question", "question", "input_output"]
    assert all(each.left_out for each in bad)


@pytest.mark.parametrize("truth", [FUNCTIONAL, DEEP_EQUAL, STDIO, PYTEST])
async def test_code_r1s_forms_are_read_and_written(judge: Judge, truth: Any) -> None:
    tests = read_ground_truth(RawRow({"ground_truth": json.dumps(truth)}))
    written = code_r1_ground_truth(tests)
    assert written is not None
    assert written.keys() == truth.keys()
    again = read_ground_truth(RawRow({"ground_truth": json.dumps(json.dumps(written))}))
    right = {"functional": rows.MEAN if truth is FUNCTIONAL else HALF, "inputs": "print(2 * int(input()))",
             "pytest": HALF}[next(iter(truth))]  # fmt: skip
    assert (await judge.grade(again, right, time_limit=20)).passed
    assert not (await judge.grade(again, "half = mean = Solution = None", time_limit=20)).passed


async def test_tests_without_an_equal_form_are_refused() -> None:
    assert (
        code_r1_ground_truth(CallTests(entry_point="f", cases=(CallCase(arguments=(), expected=1),))) is None
    )
