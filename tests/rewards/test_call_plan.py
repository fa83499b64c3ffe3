"""Calls that are asked for at once: which they are, and that nobody can tell from the verdict."""

from __future__ import annotations

import ast
import marshal
import re
from typing import Any

import pytest

from replgym.rewards import AssertTests, CallCase, CallTests, CheckTests, Judge, Outcome
from replgym.rewards.test_code.call_plan import CallPlan, binds

NAMES = {"f": "f", "candidate": "f"}


def planned(*statements: str) -> list[list[int]]:
    body = [ast.parse(text).body[0] for text in statements]
    plan = CallPlan.of_statements(enumerate(body), NAMES)
    return [[number for number, _ in chunk] for chunk in plan.chunks]


def of_cases(*cases: tuple[tuple[Any, ...], Any]) -> list[list[int]]:
    return [[number for number, _ in chunk] for chunk in CallPlan.of_cases("f", cases).chunks]


@pytest.mark.parametrize(
    "statement",
    [
        "assert f(1) == 2",
        "assert candidate([1, (2,)], key={'a': {1}}) == -3, 'message'",
        "assert abs(f(1.5) - 2.0) < 1e-6",
        "assert sorted(f('x')) == ['a', 'b']",
        "assert 2 == f(1)",
        "assert not f(-1)",
        "assert math.isclose(f(1)[0], 3.5)",
        "assert f() is None",
        "assert (f(1), 2) == (1, 2)",
    ],
)
def test_a_certain_call_with_literal_arguments_is_planned(statement: str) -> None:
    assert planned(statement) == [[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "assert f(1) == f(2)",
        "assert f(f(1)) == 2",
        "assert f(x) == 2",
        "assert f(*[1]) == 2",
        "assert f(**{'a': 1}) == 2",
        "assert f(1) == 2 and True",
        "assert True or f(1)",
        "assert 0 < f(1) < 3",
        "assert (f(1) if x else 2) == 2",
        "assert f(1) == 2, f(3)",
        "assert sorted([1], key=f) == [1]",
        "assert max([1, 2], key=[f][0]) == f(1)",
        "assert f(1)(2) == 3",
        "assert f(len('x')) == 2",
        "x = f(1)",
        "f(1)",
    ],
)
def test_any_other_is_not(statement: str) -> None:
    assert planned(statement) == []


def test_what_calls_in_another_way_stands_between_two_messages() -> None:
    first, other, last = "assert f(1) == 2", "assert f(x) == 2", "assert f(3) == 4"
    assert planned(first, other, last) == [[0], [2]]
    assert planned(first, "x = 1", last) == [[0, 2]]
    plan = CallPlan.of_statements([(None, ast.parse("f(1)").body[0]), (0, ast.parse(first).body[0])], NAMES)
    assert not plan.first_is_first


def test_arguments_that_show_an_expected_value_wait_for_the_answer() -> None:
    assert of_cases((("abcd",), "dcba"), (("dcba",), "abcd"), (("efgh",), "hgfe")) == [[0], [1, 2]]
    assert of_cases((([1, 2, 3, 4],), [4, 3, 2, 1]), (((4, 3, 2, 1),), [1, 2, 3, 4])) == [[0], [1]]
    assert of_cases(((1,), 2), ((2,), 3), ((3,), 4)) == [[0, 1, 2]]
    assert planned("assert f('abcd') == 'dcba'", "assert f('xdcbax') == 'xabcdx'") == [[0], [1]]


def test_long_arguments_come_in_several_messages() -> None:
    long = "x" * 40_000
    assert of_cases(((long,), 1), ((long,), 1), ((1,), 1)) == [[0], [1, 2]]


def test_arguments_that_would_not_arrive_as_they_are_go_alone() -> None:
    class Text(str):
        """Not a text of its own type."""

    assert of_cases(((1,), 1), ((bytearray(b"x"),), 1), ((Text("x"),), 1), ((2,), 1)) == [[0], [3]]
    call = CallPlan.of_cases("f", [(([1, {"a": None}], 2.5), 1)]).chunks[0][0][1]
    assert marshal.loads(call.packed) == (([1, {"a": None}], 2.5), {})


def test_names_that_get_another_meaning_are_seen() -> None:
    assert binds(ast.parse("f = 1"), NAMES)
    assert binds(ast.parse("from math import gcd as f"), NAMES)
    assert binds(ast.parse("import f"), NAMES)
    assert not binds(ast.parse("assert f(1) == 2"), NAMES)


ARGUMENTS = [3, 1, 4, 1, 5, 9, 2, 6]
SUBMISSIONS = {
    "right": "def f(n): return n * n",
    "wrong": "def f(n): return n * n + (n == 4)",
    "remembers": "seen = []\ndef f(n):\n    seen.append(n)\n    return n * n if len(seen) < 5 else len(seen)",
    "raises": "def f(n):\n    if n == 4: raise ValueError('four')\n    return n * n",
    "raises its own": "class E(Exception): pass\ndef f(n):\n    if n == 4: raise E(n)\n    return n * n",
    "ends": "import os\ndef f(n):\n    if n == 5: os._exit(0)\n    return n * n",
    "exits": "def f(n):\n    if n == 5: raise SystemExit\n    return n * n",
    "hangs": "def f(n):\n    while n == 5: pass\n    return n * n",
    "hangs while it is loaded": "while True: pass",
    "does not compile": "def f(n)",
    "has no such function": "def g(n): return n",
    "is no function": "f = 9",
    "prints": "def f(n):\n    print('x' * 100)\n    return n * n",
    "makes a generator": "def f(n):\n    yield n * n",
    "hands out an object": "class N:\n    __eq__ = bool\ndef f(n): return n * n if n > 2 else N()",
    "answers with a subclass": "class N(int): pass\ndef f(n): return N(n * n)",
    "answers at length": "def f(n): return [n] * 400_000 if n == 4 else n * n",
    "answers too much": "def f(n): return 'x' * (40 << 20) if n == 4 else n * n",
    "changes itself": "def f(n):\n    global f\n    if n == 4: f = lambda n: -1\n    return n * n",
    "forgets itself": "def f(n):\n    global f\n    if n == 4: del f\n    return n * n",
}


@pytest.mark.parametrize("name", SUBMISSIONS)
async def test_the_verdict_is_that_of_calls_one_by_one(judge: Judge, name: str) -> None:
    lines = "".join(f"    assert candidate({n}) == {n * n}\n" for n in ARGUMENTS)
    at_once = CheckTests(entry_point="f", source=f"def check(candidate):\n{lines}")
    # A loop has the tests run as a program that is not plain.
    one_by_one = CheckTests(entry_point="f", source=f"def check(candidate):\n    for _ in (): pass\n{lines}")
    verdicts = [
        await judge.grade(tests, SUBMISSIONS[name], time_limit=1.5 if "hangs" in name else 20)
        for tests in (at_once, one_by_one)
    ]
    first, second = (
        [(test.outcome, re.sub(r"\d{5,}", "many", test.message)) for test in verdict.tests]
        for verdict in verdicts
    )
    assert first == second


@pytest.mark.parametrize("name", ["right", "wrong", "raises", "ends", "hangs", "answers at length"])
async def test_other_kinds_say_the_same(judge: Judge, name: str) -> None:
    limit = 1.5 if name == "hangs" else 20
    calls = CallTests(
        entry_point="f", cases=tuple(CallCase(arguments=(n,), expected=n * n) for n in ARGUMENTS)
    )
    statements = AssertTests(statements=tuple(f"assert f({n}) == {n * n}" for n in ARGUMENTS))
    check = CheckTests(
        entry_point="f",
        source="def check(candidate):\n" + "".join(f"    {each}\n" for each in statements.statements),
    )
    outcomes = [
        [test.outcome for test in (await judge.grade(tests, SUBMISSIONS[name], time_limit=limit)).tests]
        for tests in (calls, statements, check)
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2]


async def test_a_test_takes_the_seconds_of_its_own_call(judge: Judge) -> None:
    tests = AssertTests(statements=("assert f(0) == 0", "assert f(1) == 1", "assert f(2) == 2"))
    source = "import time\ndef f(n):\n    time.sleep(0.3 * (n == 1))\n    return n"
    verdict = await judge.grade(tests, source, time_limit=20)
    first, second, third = (test.seconds for test in verdict.tests)
    assert verdict.passed
    assert second >= 0.3 > max(first, third)


async def test_a_submission_may_change_its_arguments(judge: Judge) -> None:
    """The next one gets them as they were, in whatever way they are sent."""
    source = "def f(values):\n    values.sort()\n    return values.pop()"
    for values in ([2, 3, 1], bytearray(b"213")):
        last = 3 if type(values) is list else ord("3")
        tests = CallTests(entry_point="f", cases=(CallCase(arguments=(values,), expected=last),) * 2)
        given = source if type(values) is list else source.replace("values.sort()", "values = sorted(values)")
        for _ in range(3):
            verdict = await judge.grade(tests, given, time_limit=20)
            assert [test.outcome for test in verdict.tests] == [Outcome.PASSED] * 2
