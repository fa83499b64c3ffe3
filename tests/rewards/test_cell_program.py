"""Which cells of an episode are its program."""

from __future__ import annotations

import pytest

from replgym.rewards import (
    AssertTests,
    CheckTests,
    Language,
    PytestTests,
    StdioCase,
    StdioTests,
    UnittestTests,
)
from replgym.rewards.code_extraction import program_of_cells
from replgym.rewards.tests import Tests

DOUBLE: Tests = CheckTests(entry_point="double", source="def check(candidate): assert candidate(2) == 4")
METHOD: Tests = CheckTests(entry_point="Solution().double", source="def check(candidate): pass")
ANY: Tests = AssertTests(statements=("assert double(2) == 4",))
PYTEST: Tests = PytestTests(source="from solution import double\n\ndef test(): assert double(2) == 4")
MODULE: Tests = PytestTests(source="import solution\n\ndef test(): assert solution.double(2) == 4")
UNITTEST: Tests = UnittestTests(
    source="import unittest\n\n"
    "class TestDouble(unittest.TestCase):\n    def test(self): self.assertEqual(double(2), 4)"
)
SCRIPT: Tests = StdioTests(cases=(StdioCase(stdin="2", expected="4"),))
CPP: Tests = StdioTests(cases=(StdioCase(stdin="2", expected="4"),), language=Language.CPP)
DEF = "def double(n):\n    return n + n"
BETTER = "def double(n):\n    return 2 * n"
HELPER = "def helper(n):\n    return n"
TRY = "print(double(2))"
FIRST = "the first cell"


def ran(cells: list[str]) -> list[tuple[str, bool]]:
    return [(cell, True) for cell in cells]


@pytest.mark.parametrize(
    ("tests", "cells", "program"),
    [
        (DOUBLE, [DEF, TRY], DEF),
        (DOUBLE, [DEF, BETTER, TRY], BETTER),
        (DOUBLE, [DEF, HELPER], DEF),
        (DOUBLE, [HELPER, TRY], None),
        (DOUBLE, ["double = lambda n: n + n"], "double = lambda n: n + n"),
        (DOUBLE, ["from operator import neg as double"], "from operator import neg as double"),
        (DOUBLE, ["def other():\n    double = 1"], None),
        (DOUBLE, ["try:\n    from fast import double\nexcept ImportError:\n    pass"], FIRST),
        (DOUBLE, ["if True:\n    def double(n):\n        return n + n"], FIRST),
        (DOUBLE, [f"{DEF}\nn = {'+'.join('1' * 950)}", "\0"], FIRST),
        (METHOD, ["class Solution:\n    pass", TRY], "class Solution:\n    pass"),
        (ANY, [DEF, TRY], DEF),
        (ANY, ["n = 1", TRY], None),
        (ANY, [DEF, HELPER, TRY], DEF),
        (PYTEST, [DEF, HELPER], DEF),
        (MODULE, [DEF, HELPER], DEF),
        (UNITTEST, [DEF, "import unittest\n\n\nclass TestDouble(unittest.TestCase):\n    pass"], DEF),
        (SCRIPT, [DEF, "print(2 * int('2'))"], "print(2 * int('2'))"),
        (CPP, [DEF], None),
        (DOUBLE, ["%%time\n" + DEF], None),
        (DOUBLE, [], None),
    ],
)
def test_the_last_cell_that_defines_what_is_asked_for(
    tests: Tests, cells: list[str], program: str | None
) -> None:
    expected = cells[0] if program == FIRST else program
    assert program_of_cells(ran(cells), tests) == expected


def test_cells_that_it_needs_come_before_it() -> None:
    base, count, noise = "import math as m", "total = 0", "print('noise')"
    more = "total += m.floor(1.5)"
    last = f"def double(n):\n    return {'helper(n)'} + total"
    cells = [base, count, noise, HELPER, more, last, TRY]
    program = program_of_cells(ran(cells), DOUBLE)
    assert program == "\n".join([base, count, HELPER, more, last])
    names: dict[str, object] = {}
    exec(program, names)  # what it leaves out was not needed
    assert eval("double(3)", names) == 4


def test_a_cell_that_is_overwritten_is_not_needed() -> None:
    cells = ["k = 1", "k = 2", "def double(n):\n    return n * k"]
    assert program_of_cells(ran(cells), DOUBLE) == "\n".join(cells[1:])


def test_cells_of_fresh_interpreters_cannot_need_each_other() -> None:
    cells = ["import math", "def double(n):\n    return math.floor(n)"]
    assert program_of_cells(ran(cells), DOUBLE, alone=True) == cells[1]
    assert program_of_cells(ran(cells), DOUBLE) == "\n".join(cells)


def test_a_cell_with_an_error_is_no_program_and_is_not_needed() -> None:
    cells = [("k = 1", True), ("k = 1 / 0", False), ("def double(n):\n    return n * k", True)]
    assert program_of_cells([*cells, (DEF, False)], DOUBLE) == f"{cells[0][0]}\n{cells[2][0]}"


SOLVE = "def solve():\n    n = int(input())\n    print(2 * n)"
WHOLE = f"import sys\n{SOLVE.replace('input()', 'sys.stdin.readline()')}\nsolve()"


@pytest.mark.parametrize(
    ("cells", "program"),
    [
        (
            [("n = int(input())\nprint(2 * n)", False), ("print(2 * 3)", True)],
            "n = int(input())\nprint(2 * n)",
        ),
        ([(SOLVE, True), ("solve()", False)], f"{SOLVE}\nsolve()"),
        ([(WHOLE, False), ("solve(3)", False), ("print(solve)", True)], WHOLE),
        ([("from sys import stdin", True), ("print(2 * int(stdin.read()))", False)], "both"),
        ([("print(4)", True), ("1 / 0", False)], "print(4)"),
        ([("1 / 0", False)], None),
    ],
)
def test_a_script_that_reads_input_counts_whatever_its_cell_came_to(
    cells: list[tuple[str, bool]], program: str | None
) -> None:
    both = "\n".join(source for source, _ in cells)
    assert program_of_cells(cells, SCRIPT) == (both if program == "both" else program)
