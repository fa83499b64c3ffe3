"""References are run, wrong programs must fail, and a check that was stopped goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from replgym.envs import Task, TaskMetadata
from replgym.envs.task_data.validation import TaskCheck, Validation, ValidationSummary, read_checks
from replgym.envs.task_data.wrong_programs import wrong_programs
from replgym.rewards import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    Judge,
    Language,
    StdioCase,
    StdioTests,
)
from replgym.rewards.tests import Tests

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOUBLE = "def double(x):\n    return 2 * x"
METHOD = """class Solution:
    def __init__(self):
        self.n = 2

    def double(self, x):
        return self.n * x
"""
CALLS = CallTests(
    entry_point="double", cases=tuple(CallCase(arguments=(x,), expected=2 * x) for x in (0, 1, 5))
)
ADD = "from __future__ import annotations\na, b = map(int, input().split())\nprint(a + b)"
ADDS = StdioTests(cases=(StdioCase(stdin="1 2\n", expected="3\n"), StdioCase(stdin="5 5\n", expected="10\n")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(2) as judge:
        yield judge


def task(name: str, tests: Tests, reference: str | None, *wrong: str) -> Task:
    about = TaskMetadata(source="toy", time_limit=20)
    return Task(id=name, prompt=name, tests=tests, metadata=about, reference=reference, wrong=wrong)


GOOD = [
    task("call", CALLS, DOUBLE, "def double(x):\n    return x * x"),
    task("method", CALLS.model_copy(update={"entry_point": "Solution().double"}), METHOD),
    task("check", CheckTests(entry_point="double", source="def check(f):\n    assert f(3) == 6"), DOUBLE),
    task("assert", AssertTests(statements=("assert double(2) == 4",)), DOUBLE),
    task("stdio", ADDS, ADD, "print(3)"),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda each: each.id)
async def test_sound_tasks_pass(judge: Judge, good: Task) -> None:
    found = await Validation(judge, mutants=4).check(good)
    assert (found.reference, found.accepted, found.bad) == (True, (), False)
    assert found.wrong == len(good.wrong) + (1 if good.id == "assert" else 2)


async def test_weak_and_wrong_tests_are_found(judge: Judge) -> None:
    anything = CheckTests(entry_point="double", source="def check(f):\n    assert f is not None")
    weak = await Validation(judge).check(task("weak", anything, DOUBLE))
    assert (weak.reference, weak.accepted, weak.bad) == (True, ("hollow", "wrapped"), True)
    wrong = await Validation(judge).check(task("wrong", ADDS, "print(3)"))
    assert (wrong.reference, wrong.bad, wrong.mutants) == (False, True, 0)
    assert "test_2: wrong_answer" in wrong.message
    broken = await Validation(judge).check(
        task("broken", CheckTests(entry_point="f", source="def ("), DOUBLE)
    )
    assert (broken.broken, broken.bad) == (True, True)
    unknown = await Validation(judge).check(task("unknown", ADDS, None))
    assert (unknown.reference, unknown.wrong, unknown.bad) == (None, 0, False)


async def test_mutants_that_pass_are_told_apart(judge: Judge) -> None:
    one = CallTests(entry_point="double", cases=(CallCase(arguments=(2,), expected=4),))
    found = await Validation(judge, mutants=2).check(
        task("square", one, "def double(x):\n    return x * x * 1")
    )
    assert found.mutants == 2
    assert found.survivors
    assert not found.bad


async def test_wrong_programs_are_wrong_and_the_same_each_time() -> None:
    programs = wrong_programs(GOOD[0], mutants=3)
    assert [program.name for program in programs] == ["known-1", "hollow", "wrapped", "mutant-1", "mutant-2"]
    assert wrong_programs(GOOD[0], mutants=3) == programs
    assert "return None" in programs[1].source
    future = {program.name: program.source for program in wrong_programs(GOOD[4])}["wrapped"]
    compile(future, "wrapped", "exec")
    cpp = StdioTests(cases=ADDS.cases, language=Language.CPP)
    assert [program.name for program in wrong_programs(task("cpp", cpp, "int main() {}", "x"))] == ["known-1"]
    assert wrong_programs(task("syntax", ADDS, "def (")) == ()


async def test_a_stopped_check_goes_on_where_it_was(judge: Judge, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"

    def stopped() -> Iterator[Task]:
        yield from GOOD[:2]
        raise RuntimeError("the machine goes down")

    with pytest.raises(ExceptionGroup):
        await Validation(judge, mutants=0).run(stopped(), log, concurrency=1)
    with log.open("a") as file:
        file.write(TaskCheck(id="stdio", failed=True).model_dump_json() + "\n" + '{"id": "cut')
    before = [check.id for check in read_checks(log)]
    assert before == ["call", "method", "stdio"]
    seen: list[str] = []
    summary = await Validation(judge, mutants=0).run(
        GOOD, log, concurrency=2, on_check=lambda check: seen.append(check.id)
    )
    assert (summary.tasks, summary.references_passed, summary.failures, summary.bad) == (5, 5, 0, ())
    assert sorted(seen) == sorted(each.id for each in GOOD)
    assert sorted(check.id for check in read_checks(log) if not check.failed) == sorted(seen)


async def test_the_rate_of_false_positives_is_over_programs_that_are_certainly_wrong() -> None:
    weak = TaskCheck(id="a", reference=True, wrong=3, accepted=("hollow",), mutants=9, survivors=("m",))
    summary = ValidationSummary.of([weak, TaskCheck(id="b", wrong=1), TaskCheck(id="c", failed=True)])
    assert summary.false_positive_rate == 0.25
    assert (summary.references, summary.failures, summary.bad) == (1, 1, ("a",))
    assert ValidationSummary.of([]).false_positive_rate is None
