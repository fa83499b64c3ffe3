from __future__ import annotations

import pytest

from replgym.envs import TaskSet
from replgym.rewards import AssertTests, CallCase, CallTests, CheckTests, Judge, Outcome, PytestTests
from replgym.rewards.test_code.plain_tests import is_plain


@pytest.mark.parametrize(
    "statement",
    [
        "assert f(1) == 2",
        "assert sorted(f([1], key=2)) == [{'a': (1, -2.5)}]",
        "assert abs(f(1) - 2.0) < 1e-6, 'message'",
        "import math\nassert math.isclose(f(1), math.pi)",
        "from typing import List\nassert f(*[1]) in {1, 2} and not f(2)",
        "wanted = f(1)[0:2]\nassert wanted is None",
    ],
)
def test_assertions_over_calls_are_plain(statement: str) -> None:
    assert is_plain(AssertTests(statements=(statement,)))
    body = (
        statement.replace("\n", "\n    ").replace("import", "pass  # import").replace("from", "pass  # from")
    )
    assert is_plain(CheckTests(entry_point="f", source=f"def check(candidate):\n    {body}"))


@pytest.mark.parametrize(
    "statement",
    [
        "import os",
        "import math, sys",
        "from os import path",
        "from .math import x",
        "f.x = 1",
        "assert ().__class__",
        "assert f(1).real",
        "math.pi = 3",
        "math.__dict__['pi'] = 3",
        "exec('1')",
        "assert print(1)",
        "assert open('x')",
        "assert getattr(f, 'x')",
        "assert eval('1')",
        "assert __import__('os')",
        "assert __builtins__",
        "while True: pass",
        "for n in range(3): assert f(n)",
        "assert 10 ** 10 ** 10",
        "assert 1 << 10",
        "assert [n for n in f(1)]",
        "assert (lambda: 1)()",
        "def g(): pass",
        "class G: pass",
        "global f",
        "del f",
        "with f(1): pass",
        "try: f(1)\nexcept ValueError: pass",
        "assert f'{f(1)!r}'",
        "assert (x := f(1))",
        "assert f(",
    ],
)
def test_whatever_could_do_more_is_not(statement: str) -> None:
    assert not is_plain(AssertTests(statements=(statement,)))
    assert not is_plain(AssertTests(statements=("assert f(1)",), setup=statement))
    assert not is_plain(CheckTests(entry_point="f", source="def check(c): assert c(1)", context=statement))


@pytest.mark.parametrize(
    "source",
    [
        "check = 1",
        "def check(candidate, other=open('x')): assert candidate(1)",
        "def check(*candidate): assert candidate(1)",
        "@property\ndef check(candidate): assert candidate(1)",
        "def check(candidate): assert candidate(1)\ndef check(candidate): assert candidate(2)",
        "async def check(candidate): assert candidate(1)",
    ],
)
def test_a_check_of_another_form_is_not_plain(source: str) -> None:
    assert not is_plain(CheckTests(entry_point="f", source=source))


def test_other_kinds_and_preambles_are_not_plain() -> None:
    assert not is_plain(AssertTests(statements=("assert f(1)",), preamble="import os"))
    assert not is_plain(PytestTests(source="def test_f(): assert True"))
    assert not is_plain(CallTests(entry_point="f", cases=(CallCase(arguments=(), expected=1),)))


def test_nearly_all_of_humaneval_is_plain() -> None:
    assert sum(is_plain(task.tests) for task in TaskSet.load("humaneval")) == 154


async def test_one_submission_leaves_nothing_for_the_next(judge: Judge) -> None:
    """The examiner's process is the same, and what it knows of classes and modules must not be."""
    tests = AssertTests(statements=("assert f(1) == 2", "assert g(1) == 2"))
    first = "class Two(int): pass\ndef f(n): return 2\ng = f\nmath = len = None"
    verdict = await judge.grade(tests, first, time_limit=20)
    assert verdict.passed
    verdict = await judge.grade(tests, "def f(n): return 2", time_limit=20)
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.RUNTIME_ERROR]
    for _ in range(3):
        stuck = await judge.grade(tests, "def f(n):\n    while True: pass", time_limit=0.5)
        assert stuck.tests[0].outcome is Outcome.TIMEOUT
    assert (await judge.grade(tests, "f = g = lambda n: n + 1", time_limit=20)).passed
