"""Tests beside the submission: what they expect stays outside, and their end is proven."""

from __future__ import annotations

import ast
import contextlib

import pytest

from replgym.rewards import Judge, Outcome, Placement, UnittestTests
from replgym.rewards.beside.program import BesideProgram
from replgym.rewards.tests import AssertTests, CheckTests, PlacementChoice

_TESTS = """
import unittest
from solution import total, Report

class TotalTest(unittest.TestCase):
    def setUp(self):
        self.values = [4, 1, 7]

    def test_value(self):
        expected = 9127
        result = total(self.values)
        self.assertIsInstance(result, int)
        self.assertEqual(result, expected, "a sum")
        self.assertAlmostEqual(total([1]) / 3, 0.3333, places=3)
        self.assertIn(total([2]), [5551, 2])

    def test_report(self):
        for n in range(3):
            self.assertEqual(total([n]), n)
        assert Report([1]).size == 4711
        with self.assertRaises(ValueError):
            total(None)
        self.assertTrue(total([3]) == 3)

    def test_shape(self):
        self.assertIsInstance(Report([1]), Report)
"""
_SOURCE = """
class Report:
    def __init__(self, values): self.size = 4710 + len(values)
def total(values):
    if values is None: raise ValueError("nothing")
    return sum(values) + (9115 if len(values) == 3 else 0)
"""
_BESIDE = UnittestTests(source=_TESTS, module="solution", placement=PlacementChoice.BESIDE)


def test_what_is_compared_outside_is_not_in_the_program() -> None:
    program = BesideProgram.rewrite(ast.parse(_TESTS))
    for secret in ("9127", "0.3333", "5551", "4711"):
        assert secret not in program.source
    proofs = {site.text({}) for site in program.sites if site.weighty and site.comparison is not None}
    assert "__replgym_case__.assertEqual(value, 9127, 'a sum')" in proofs
    assert "value == 4711" in proofs
    assert [site.required for site in program.sites if site.test == "TotalTest.test_report"] == [
        False,
        True,
        True,
    ]


_TABLES = """
import pytest, unittest
TABLE = [(1, 801), (2, 802)]
@pytest.fixture
def rows():
    return [(3, 803)]
@pytest.mark.parametrize("given, expected", [(4, 804), (5, 805)])
def test_parameters(given, expected):
    assert f(given) == pytest.approx(expected)
def test_fixture(rows):
    for given, expected in rows:
        assert f(given) == expected
def test_module():
    for given, expected in TABLE:
        assert f(given) == expected
def test_local():
    cases = [([6], 806)]
    for given, expected in cases:
        assert f(given) == expected
class Test(unittest.TestCase):
    def setUp(self):
        self.rows = [(7, 807)]
    def test_method(self):
        for given, expected in self.rows:
            with self.subTest(given):
                self.assertEqual(f(given), expected)
"""


def test_what_tables_expect_is_not_in_the_program() -> None:
    program = BesideProgram.rewrite(ast.parse(_TABLES))
    assert "80" not in program.source
    assert all(site.required and site.weighty for site in program.sites)
    assert len(program.sites) == 6
    (parameters,) = [site for site in program.sites if site.test == "test_parameters"]
    rows = program.rows["test_parameters"]
    assert parameters.holds([805], rows[1])
    assert not parameters.holds([805], rows[0])


@pytest.mark.parametrize(
    "loop",
    [
        "for n, m in rows:\n        if n: break\n        assert f(n) == m",
        "for n, m in rows:\n        assert f(n, m) == m",
        "for n, m in rows:\n        assert f(n) == m\n    assert len(rows) == 2",
        "for row in rows:\n        assert f(row[0]) == row[1]",
        "def inner():\n        for n, m in rows:\n            assert f(n) == m\n    inner()",
        "for n, m in rows:\n        for k in range(n):\n            assert f(k) - k == m or m",
    ],
)
def test_loops_mean_what_they_meant(loop: str) -> None:
    source = f"def test():\n    rows = [(1, 2), (3, 4)]\n    {loop}\n"
    seen: list[list[object]] = []
    for text in (source, BesideProgram.rewrite(ast.parse(source)).source):
        calls: list[object] = []
        namespace: dict[str, object] = {"f": lambda *a, calls=calls: calls.append(a) or a[0] + 1}
        namespace |= {"__replgym_prove__": lambda *a: None, "__replgym_reach__": lambda *a: None}
        exec(compile(text, "", "exec"), namespace)
        namespace["test"]()  # type: ignore[operator]
        seen.append(calls)
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("statement", "value", "holds"),
    [
        ("assert f() == 3", 3, True),
        ("assert f() == 3", 4, False),
        ("assert 2 < f()", 3, True),
        ("assert 2 < f()", 1, False),
        ("assert f() in (1, 2)", 2, True),
        ("assert f() is None", None, True),
        ("assert f() == pytest.approx(0.3)", 0.1 + 0.2, True),
        ("self.assertAlmostEqual(f(), 0.3)", 0.1 + 0.2, True),
        ("self.assertCountEqual(f(), [1, 2])", [2, 1], True),
        ("self.assertTrue(f() == {1: 2})", {1: 2}, True),
    ],
)
def test_comparisons_are_those_of_the_test(statement: str, value: object, holds: bool) -> None:
    (site,) = BesideProgram.rewrite(ast.parse(statement)).sites
    assert site.comparison is not None
    assert site.holds([value], {}) is holds


@pytest.mark.parametrize(
    "function",
    [
        "def test():\n    a = 3\n    assert f(a) == g(a)",
        "def test():\n    a = 3\n    b = 4\n    assert a == b",
        "def test():\n    a = [1]\n    for a in f():\n        assert a == [1]",
        "def test():\n    a = 3\n    assert 1 < a < f()",
        "def test():\n    a = 3\n    self.assertEqual(f(x=a), a)",
    ],
)
def test_names_that_serve_more_than_comparisons_stay(function: str) -> None:
    program = BesideProgram.rewrite(ast.parse(function))
    namespace: dict[str, object] = {"f": lambda *a, **k: [], "g": lambda a: [], "self": None}
    namespace |= {"__replgym_prove__": lambda *a: None, "__replgym_reach__": lambda *a: None}
    exec(compile(program.source, "", "exec"), namespace)
    test = namespace["test"]
    assert callable(test)
    with contextlib.suppress(AssertionError, TypeError, AttributeError):
        test()


@pytest.mark.asyncio(loop_scope="module")
async def test_right_and_wrong_submissions(judge: Judge) -> None:
    verdict = await judge.grade(_BESIDE, _SOURCE, time_limit=60)
    assert verdict.passed, verdict
    assert {test.placement for test in verdict.tests} == {Placement.BESIDE}
    assert [bool(test.message) for test in verdict.tests] == [False, True, False]
    verdict = await judge.grade(_BESIDE, _SOURCE.replace("9115", "9114"), time_limit=60)
    assert [test.outcome for test in verdict.tests][-1] is Outcome.WRONG_ANSWER
    verdict = await judge.grade(_BESIDE, "def total(: pass", time_limit=60)
    assert {test.outcome for test in verdict.tests} == {Outcome.SYNTAX_ERROR}


@pytest.mark.asyncio(loop_scope="module")
async def test_unproven_tests_can_be_refused() -> None:
    async with Judge(1, allow_unproven=False) as judge:
        verdict = await judge.grade(_BESIDE, _SOURCE, time_limit=60)
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.NOT_RUN, Outcome.PASSED]


_WRONG = "class Report: size = 0\ndef total(values): return 0\n"
_ATTACKS = {
    "exit": "import sys\ndef total(values): sys.exit(0)",
    "os_exit": "import os\ndef total(values): os._exit(0)",
    "exit_at_import": "import os\nos._exit(0)",
    "skip": "import unittest\ndef total(values): raise unittest.SkipTest('x')",
    "equal": "class E(int):\n  __eq__ = __lt__ = __gt__ = lambda s, o: True\ndef total(values): return E(0)",
    "equal_object": "class E:\n  __eq__ = lambda s, o: True\ndef total(values): return E()",
    "mock": "from unittest import mock\ntotal = mock.MagicMock(return_value=mock.ANY)",
    "equal_parts": "class E:\n  __eq__ = lambda s, o: True\ndef total(values): return [E()]",
    "patched_class": """
import unittest
for name in dir(unittest.TestCase):
    if name.startswith("assert"): setattr(unittest.TestCase, name, lambda *a, **k: None)
""",
    "patched_late": """
def total(values):
    import unittest
    for name in dir(unittest.TestCase):
        if name.startswith("assert"): setattr(unittest.TestCase, name, lambda *a, **k: None)
    return 0
""",
    "patched_run": """
import unittest
unittest.TestSuite.run = unittest.TestCase.run = lambda self, result: result
""",
    "patched_builtins": """
import builtins
builtins.isinstance = lambda *a: True
builtins.AssertionError = Exception
""",
    "proof_replaced": """
import sys
def total(values):
    f = sys._getframe(1)
    while f:
        for name in ("__replgym_prove__", "__replgym_reach__"):
            if name in f.f_globals: f.f_globals[name] = lambda *a: None
        f = f.f_back
    return 0
""",
    "reach_everything": """
import sys
def total(values):
    f = sys._getframe(1)
    for n in range(20):
        try: f.f_globals["__replgym_reach__"](n)
        except Exception: pass
    return 0
""",
    "constants_in_memory": """
import gc
def total(values):
    found = [o for o in gc.get_objects() if isinstance(o, tuple) and 9127 in o]
    return 9127 if found else 0
""",
    "answers_ahead": """
import gc, socket
for s in gc.get_objects():
    if isinstance(s, socket.socket):
        try: s.send(b'\\0\\0\\0\\x0f{"d":[["a",1]]}')
        except OSError: pass
""",
    "trace": """
import sys
def trace(frame, event, argument):
    return trace
def total(values):
    sys.settrace(trace)
    raise AssertionError
""",
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", _ATTACKS)
async def test_attack_proves_nothing(judge: Judge, name: str) -> None:
    verdict = await judge.grade(_BESIDE, _WRONG + _ATTACKS[name], time_limit=30)
    assert not verdict.passed
    outcomes = {test.name: test.outcome for test in verdict.tests}
    assert outcomes["TotalTest.test_value"] is not Outcome.PASSED
    assert outcomes["TotalTest.test_report"] is not Outcome.PASSED


@pytest.mark.asyncio(loop_scope="module")
async def test_other_kinds_prove_as_well(judge: Judge) -> None:
    statements = AssertTests(
        statements=("assert total([1, 2]) == 3", "import os; assert os.path.basename(total(['a'])) == 'a'"),
    )
    source = "def total(parts): return parts[0] if len(parts) == 1 else sum(parts)"
    verdict = await judge.grade(statements, source, time_limit=60)
    assert verdict.passed, verdict
    assert {test.placement for test in verdict.tests} == {Placement.BESIDE}
    check = CheckTests(
        entry_point="total",
        source="import inspect\ndef check(c):\n    assert c([1, 2]) == 3\n    assert inspect.isfunction(c)\n",
    )
    verdict = await judge.grade(check, source, time_limit=60)
    assert verdict.passed, verdict
    assert not (await judge.grade(check, "def total(parts): return 4", time_limit=60)).passed
