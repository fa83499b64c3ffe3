"""The judge agrees with the rows: what a set calls right passes, near misses and wrong programs fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from replgym.envs.task import Task
from replgym.envs.task_sources.raw_row import RawRow
from replgym.envs.task_sources.registry import TASK_SOURCES
from replgym.rewards import Judge
from replgym.rewards.verdict import Outcome, Verdict

from . import rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

OFF_BY_ONE = rows.DOUBLE.replace("2 * number", "2 * number + 1")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(2) as judge:
        yield judge


def parsed(source: str, row: rows.Row, split: str = "train", **options: Any) -> Task:
    chosen = TASK_SOURCES[source]
    if options:
        assert chosen.configure is not None
        chosen = chosen.configure(**options)
    made = chosen.parse(RawRow(row, split=split))
    assert isinstance(made, Task)
    return Task.model_validate_json(made.model_dump_json())


async def graded(judge: Judge, task: Task, source: str) -> Verdict:
    return await judge.grade(task.tests, source, time_limit=task.metadata.time_limit)


@pytest.mark.parametrize(
    ("source", "build", "wrong"),
    [
        ("apps", rows.apps, rows.ADD_WRONG),
        ("apps", rows.apps_call, OFF_BY_ONE),
        ("taco", rows.taco, "print(int(input()) // 2)"),
        ("taco-verified", rows.taco_verified, "print(int(input()) // 2)"),
        ("code_contests", rows.code_contests, rows.ADD_WRONG),
        ("bigcodebench", rows.bigcodebench, "def task_func(value):\n    return 1.41"),
        ("verl-sqa", rows.verl_sqa, rows.ADD_WRONG),
        ("verl-coder", rows.verl_coder, OFF_BY_ONE),
        ("common-oj", rows.common_oj, rows.ADD_WRONG),
        ("cruxeval", rows.cruxeval, "answer = 'ab'"),
    ],
)
async def test_reference_passes_and_wrong_fails(
    judge: Judge, source: str, build: Callable[[], rows.Row], wrong: str
) -> None:
    task = parsed(source, build())
    assert task.reference is not None
    right = await graded(judge, task, task.reference)
    assert right.passed, right
    assert not (await graded(judge, task, wrong)).passed


@pytest.mark.parametrize(
    ("source", "build", "right", "wrong"),
    [
        ("livecodebench", rows.livecodebench, rows.ADD, rows.ADD_WRONG),
        ("livecodebench", rows.livecodebench_call, rows.DOUBLE, OFF_BY_ONE),
        ("xcoder-rl", rows.xcoder_stdio, rows.ADD, rows.ADD_WRONG),
        ("xcoder-rl", rows.xcoder_assertions, rows.DOUBLE, OFF_BY_ONE),
        ("xcoder-rl", rows.xcoder_call, rows.DOUBLE, OFF_BY_ONE),
        ("klear-codesub", rows.klear, rows.ADD, rows.ADD_WRONG),
    ],
)
async def test_sets_without_references(
    judge: Judge, source: str, build: Callable[[], rows.Row], right: str, wrong: str
) -> None:
    task = parsed(source, build())
    verdict = await graded(judge, task, right)
    assert verdict.passed, verdict
    assert not (await graded(judge, task, wrong)).passed


async def test_every_known_wrong_solution_fails(judge: Judge) -> None:
    task = parsed("code_contests", rows.code_contests())
    assert task.wrong
    for source in task.wrong:
        assert not (await graded(judge, task, source)).passed


async def test_cpp_references_pass(judge: Judge) -> None:
    task = parsed("code_contests", rows.code_contests(), language="cpp")
    assert task.reference == rows.ADD_CPP
    assert (await graded(judge, task, task.reference)).passed
    assert not (await graded(judge, task, task.wrong[0])).passed


async def test_dict_with_integer_keys(judge: Judge) -> None:
    truth = {"fn_name": "invert", "inputs": [[{"1": "a", "2": "b"}]], "outputs": [[{"a": 1, "b": 2}]]}
    row = rows.apps() | {"input_output": json.dumps(truth), "solutions": json.dumps([rows.INVERT])}
    task = parsed("apps", row)
    assert (await graded(judge, task, rows.INVERT)).passed
    assert not (await graded(judge, task, "def invert(table):\n    return {}")).passed


@pytest.mark.parametrize(
    ("case", "output", "accepted"),
    [(2, "yes", True), (3, "0.33333333", True), (3, "0.34", False), (2, "no", False)],
)
async def test_taco_special_judges(
    judge: Judge, tmp_path: Path, case: int, output: str, accepted: bool
) -> None:
    path = tmp_path / "output_spj.jsonl"
    path.write_text(json.dumps({"idx": 0, "special_judge": True, "case": case}))
    expected = {2: "YES", 3: "0.3333333333"}[case]
    row = rows.taco() | {"input_output": json.dumps({"inputs": ["1"], "outputs": [expected]})}
    task = parsed("taco", row, split="test", special_judges=path)
    assert (await graded(judge, task, f"print({output!r})")).passed is accepted


@pytest.mark.parametrize(
    ("output", "accepted"),
    [("0.50 1", True), ("0.5 1.0", True), ("0.500001 1", False), ("1 0.5", False), ("0.5", False)],
)
async def test_livecodebench_compares_numbers_exactly(judge: Judge, output: str, accepted: bool) -> None:
    """As its own evaluation: `0.50` is `0.5`, and nothing is about equal."""
    tests = [{"input": "", "output": "0.5 1\n", "testtype": "stdin"}]
    row = rows.livecodebench() | {"public_test_cases": json.dumps(tests), "private_test_cases": ""}
    verdict = await graded(judge, parsed("livecodebench", row), f"print({output!r})")
    assert verdict.passed is accepted


async def test_livecodebench_needs_all_tests(judge: Judge) -> None:
    verdict = await graded(judge, parsed("livecodebench", rows.livecodebench()), "input(); print(3)")
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.WRONG_ANSWER]
    assert not verdict.passed


async def test_promised_names_are_there(judge: Judge) -> None:
    """Names that judges of contests define without being asked: solutions use them without an import."""
    source = (
        "class Solution:\n    def doubleAll(self, numbers: List[int]) -> Optional[List[int]]:\n"
        "        queue = deque(numbers)\n        assert math.gcd(4, 6) == gcd(4, 6) == 2\n"
        "        assert heapq.nsmallest(1, [2, 1]) == nsmallest(1, [2, 1])\n"
        "        assert pow(2, 3, 5) == 3 and inf > 1 and Counter('aab').most_common(1)[0][0] == 'a'\n"
        "        assert bisect.bisect_left([1, 2], 2) == bisect_left([1, 2], 2) == 1\n"
        "        return [2 * number for number in queue]"
    )
    verdict = await graded(judge, parsed("livecodebench", rows.livecodebench_call()), source)
    assert verdict.passed, verdict
