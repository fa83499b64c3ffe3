from __future__ import annotations

import ast

import pytest

from replgym.rewards.test_code.placement_rules import place
from replgym.rewards.test_code.skipped_tests import skipped_tests
from replgym.rewards.test_code.test_names import TestNames
from replgym.rewards.tests import PlacementChoice
from replgym.rewards.verdict import Placement


def _place(source: str, choice: PlacementChoice = PlacementChoice.AUTO) -> Placement:
    placement, reason = place(ast.parse(source), choice, "solution")
    assert reason
    return placement


@pytest.mark.parametrize(
    "source",
    [
        "from solution import f\nimport math, re, numpy, pytest\ndef test(): assert f(1) == 2",
        "def test(monkeypatch): monkeypatch.setattr('builtins.input', lambda _: '1')",
        "import solution\ndef test(monkeypatch): monkeypatch.setattr(solution, 'N', 3)",
        "@patch('solution.helper')\ndef test(helper): pass",
        "def test(capsys): f(); assert capsys.readouterr().out == ''",
        "with patch('sys.stdout', new=StringIO()) as out: f()",
        "import unittest\nclass Test(unittest.TestCase): pass",
    ],
)
def test_trusted_is_the_rule(source: str) -> None:
    assert _place(source) is Placement.TRUSTED


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd",
        "from matplotlib import pyplot",
        "import inspect",
        "def test(tmp_path): pass",
        "open('x')",
        "@patch('builtins.print')\ndef test(p): pass",
        "@patch('solution.requests.get')\ndef test(p): pass",
        "def test(monkeypatch): monkeypatch.setattr('time.sleep', lambda _: None)",
        "def test(monkeypatch): monkeypatch.setenv('A', 'b')",
        "with patch.object(random, 'choice'): f()",
        "from solution import Base\nclass Mine(Base): pass",
        "import solution\nclass Mine(solution.Base): pass",
        "random.seed(3)",
        "assert f().iloc[0] == 1",
        "sys.argv = []",
    ],
)
def test_what_needs_the_submissions_interpreter_runs_beside_it(source: str) -> None:
    assert _place(source) is Placement.BESIDE


def test_a_task_can_decide() -> None:
    assert _place("import pandas", PlacementChoice.TRUSTED) is Placement.TRUSTED
    assert _place("assert f()", PlacementChoice.BESIDE) is Placement.BESIDE


def _names(source: str, *, by_convention: bool = False) -> TestNames:
    return TestNames.read(ast.parse(source), by_convention=by_convention)


@pytest.mark.parametrize(
    "source",
    [
        "assert isinstance(x, Thing)",
        "with pytest.raises(solution.Thing): f()",
        "try:\n    f()\nexcept (ValueError, Thing):\n    pass",
        "assert Thing(1).total_cost == 3",
        "def test():\n    t = Thing()\n    assert t.total_cost == 3",
    ],
)
def test_classes_are_told_by_their_use(source: str) -> None:
    assert "Thing" in _names(source).classes


@pytest.mark.parametrize(
    "source",
    ["assert Thing(1) == 3", "assert Thing(1).startswith('a')", "x = Thing([2])\nx.sort()\nassert x == [2]"],
)
def test_a_call_alone_makes_no_class_unless_by_convention(source: str) -> None:
    assert _names(source).classes == frozenset()
    assert _names(source, by_convention=True).classes == {"Thing"}
    assert _names(source.replace("Thing", "solve"), by_convention=True).classes == frozenset()


def test_names_that_tests_bind_or_that_are_built_in_are_not_the_submissions() -> None:
    names = _names("import pytest\nlimit = 3\ndef test():\n    assert abs(f(limit) - g) < pytest.tiny")
    assert names.free == {"f", "g"}


def test_tests_that_are_always_skipped_are_known() -> None:
    source = """
@unittest.skip("later")
class A: pass
class B:
    @pytest.mark.skip
    def test_1(self): pass
    @pytest.mark.skipif(x, reason="")
    def test_2(self): pass
@pytest.mark.skip(reason="no")
def test_3(): pass
"""
    assert skipped_tests(ast.parse(source)) == {"A", "B.test_1", "test_3"}
