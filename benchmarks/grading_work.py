"""What is graded: references and mutants of HumanEval and MBPP, and programs with many stdio tests.

The truth about a mutant is what a plain run of its tests in a new interpreter says: mutants are wrong by
accident and do not try to fool anybody.
"""

from __future__ import annotations

import ast
import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replgym.envs import TaskSet
from replgym.rewards import AssertTests, CallCase, CallTests, CheckTests, StdioCase, StdioTests, Tests
from replgym.rewards.comparison import FloatValue

_STDIO_TESTS = 100
_SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.FloorDiv,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, slots=True)
class Program:
    """One submission with its tests, in the form that each grader wants."""

    id: str
    workload: str
    source: str
    tests: Tests
    entry_point: str = ""
    right: bool | None = None
    """The truth, where it is known by construction."""
    script: str | None = None
    """Source and tests as one script, for graders that believe an exit code."""
    check: str | None = None
    calls: tuple[tuple[tuple[object, ...], object], ...] = ()
    stdio: tuple[tuple[str, str | None], ...] = ()


def humaneval(mutants: int, rng: random.Random) -> Iterator[Program]:
    """References and mutants of HumanEval with their `check` functions."""
    for task in TaskSet.load("humaneval"):
        assert isinstance(task.tests, CheckTests)
        assert task.reference is not None
        entry, check = task.tests.entry_point, task.tests.source
        for name, source, right in _variants(task.reference, mutants, rng):
            script = f"{source}\n{check}\ncheck({entry})\n"
            yield Program(
                f"{task.id}/{name}", "check", source, task.tests, entry, right, script=script, check=check
            )


def calls(programs: list[Program]) -> Iterator[Program]:
    """The same HumanEval programs with those tests that are calls with literal values."""
    for program in programs:
        if program.check is None:
            continue
        found = tuple(_literal_calls(program.check))
        if not found:
            continue
        cases = tuple(CallCase(arguments=arguments, expected=value) for arguments, value in found)
        tests = CallTests(entry_point=program.entry_point, cases=cases, comparison=FloatValue())
        asserts = "\n".join(f"assert {program.entry_point}(*{a!r}) == {v!r}" for a, v in found)
        yield Program(
            program.id.replace("HumanEval", "calls"),
            "calls",
            program.source,
            tests,
            program.entry_point,
            program.right,
            script=f"{program.source}\n{asserts}\n",
            calls=found,
        )


def mbpp(path: Path, mutants: int, rng: random.Random) -> Iterator[Program]:
    """References and mutants of MBPP with their assertions.

    Args:
        path: JSON lines, plain or gzip, with `task_id`, `code`, `test_list` and `test_setup_code`.
        mutants: How many of each reference.
        rng: Draws the mutants.
    """
    data = path.read_bytes()
    lines = gzip.decompress(data) if path.suffix == ".gz" else data
    for line in lines.splitlines():
        yield from _mbpp_programs(json.loads(line), mutants, rng)


def _mbpp_programs(row: dict[str, Any], mutants: int, rng: random.Random) -> Iterator[Program]:
    setup = row.get("test_setup_code", "")
    tests = AssertTests(statements=tuple(row["test_list"]), setup=setup)
    asserts = "\n".join([setup, *row["test_list"]])
    check = "def check(candidate):\n" + "".join(f"    {line}\n" for line in asserts.splitlines() or ["pass"])
    entry = _first_function(row["code"])
    for name, source, right in _variants(row["code"].replace("\r", ""), mutants, rng):
        yield Program(
            f"mbpp/{row['task_id']}/{name}",
            "assert",
            source,
            tests,
            entry,
            right,
            script=f"{source}\n{asserts}\n",
            check=check,
        )


def stdio(rng: random.Random, tests: int = 2000) -> Iterator[Program]:
    """Right programs with 100 tests each."""
    for number in range(tests // _STDIO_TESTS):
        name, source = _SCRIPTS[number % len(_SCRIPTS)]
        cases = []
        for _ in range(_STDIO_TESTS):
            values = [rng.randint(1, 10**6) for _ in range(rng.randint(1, 200))]
            stdin = f"{len(values)}\n{' '.join(map(str, values))}\n"
            cases.append((stdin, _answer(name, values)))
        yield Program(
            f"stdio/{number}/{name}",
            "stdio",
            source,
            StdioTests(cases=tuple(StdioCase(stdin=given, expected=wanted) for given, wanted in cases)),
            right=True,
            stdio=tuple(cases),
        )


_SCRIPTS = (
    ("sum", "n = int(input())\nprint(sum(map(int, input().split())))\n"),
    ("sorted", "import sys\n_, *rest = sys.stdin.read().split()\nprint(*sorted(map(int, rest)))\n"),
    (
        "increasing",
        "import bisect, sys\nvalues = list(map(int, sys.stdin.buffer.read().split()))[1:]\n"
        "tails = []\nfor value in values:\n    place = bisect.bisect_left(tails, value)\n"
        "    tails[place:place + 1] = [value]\n"
        "print(len(tails))\n",
    ),
    (
        "gcd",
        "from math import gcd\nfrom functools import reduce\n\ndef main():\n    input()\n"
        "    print(reduce(gcd, map(int, input().split())))\n\nif __name__ == '__main__':\n    main()\n",
    ),
)


def _answer(name: str, values: list[int]) -> str:
    import bisect
    import math

    if name == "sum":
        return str(sum(values))
    if name == "sorted":
        return " ".join(map(str, sorted(values)))
    if name == "gcd":
        return str(math.gcd(*values))
    tails: list[int] = []
    for value in values:
        place = bisect.bisect_left(tails, value)
        tails[place : place + 1] = [value]
    return str(len(tails))


def _variants(source: str, mutants: int, rng: random.Random) -> Iterator[tuple[str, str, bool | None]]:
    yield "reference", source, True
    seen = {source}
    for number in range(mutants):
        mutant = _mutant(source, rng)
        if mutant is not None and mutant not in seen:
            seen.add(mutant)
            yield f"mutant-{number}", mutant, None


def _mutant(source: str, rng: random.Random) -> str | None:
    """The program with one operator, comparison or constant changed."""
    tree = ast.parse(source)
    places = [node for node in ast.walk(tree) if _can_change(node)]
    if not places:
        return None
    node = rng.choice(places)
    if isinstance(node, ast.BinOp | ast.BoolOp):
        node.op = _SWAPS[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = _SWAPS[type(node.ops[0])]()
    elif isinstance(node, ast.Constant):
        node.value = node.value + 1
    return ast.unparse(tree)


def _can_change(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp | ast.BoolOp):
        return type(node.op) in _SWAPS
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _SWAPS
    return isinstance(node, ast.Constant) and type(node.value) is int


def _literal_calls(check: str) -> Iterator[tuple[tuple[object, ...], object]]:
    for node in ast.walk(ast.parse(check)):
        if not (isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare)):
            continue
        call, compare = node.test.left, node.test
        if not isinstance(compare.ops[0], ast.Eq) or not isinstance(call, ast.Call) or call.keywords:
            continue
        if not isinstance(call.func, ast.Name) or call.func.id != "candidate":
            continue
        try:
            arguments = tuple(ast.literal_eval(argument) for argument in call.args)
            yield arguments, ast.literal_eval(compare.comparators[0])
        except ValueError:
            continue


def _first_function(source: str) -> str:
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return names[-1] if names else ""
