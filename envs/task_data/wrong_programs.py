"""Programs that tests must reject, made of a task's reference, beside those that its data set knows.

`hollow` does nothing in any of its functions, or prints nothing. `wrapped` gives every right answer inside a
list, or prints one line more. Both are wrong whatever the task is. A `mutant` differs in one operator or
number; it may happen to be right, so that one that passes is a hint and no proof.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass

from ...rewards.tests import CallTests, CheckTests, Language, StdioTests
from ..task import Task

_OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_EXTRA_LINE = "import atexit\natexit.register(print, 'one line more')"


@dataclass(frozen=True, slots=True)
class WrongProgram:
    """A program and why it should fail."""

    name: str
    source: str
    certain: bool = True
    """False for mutants."""


def wrong_programs(task: Task, *, mutants: int = 0) -> tuple[WrongProgram, ...]:
    """Programs that the tests of this task should reject.

    Args:
        task: The task; without a reference only the data set's own wrong solutions are there.
        mutants: How many mutants of the reference, drawn by the task's id.
    """
    known = [WrongProgram(f"known-{number}", source) for number, source in enumerate(task.wrong, start=1)]
    is_python = not isinstance(task.tests, StdioTests) or task.tests.language is Language.PYTHON
    if task.reference is None or not is_python:
        return tuple(known)
    try:
        tree = ast.parse(task.reference)
    except (SyntaxError, ValueError, RecursionError):
        return tuple(known)
    made = _for_programs(task.tests, tree) if isinstance(task.tests, StdioTests) else _for_names(task, tree)
    return (*known, *made, *_mutants(task.id, tree, mutants))


def _for_programs(tests: StdioTests, tree: ast.Module) -> Iterator[WrongProgram]:
    if any(case.expected.strip() for case in tests.cases):
        yield WrongProgram("hollow", "pass\n")
    longer = copy.deepcopy(tree)
    place = sum(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    place += ast.get_docstring(tree) is not None
    longer.body[place:place] = ast.parse(_EXTRA_LINE).body
    yield WrongProgram("wrapped", ast.unparse(longer))


def _for_names(task: Task, tree: ast.Module) -> Iterator[WrongProgram]:
    hollow = copy.deepcopy(tree)
    for node in ast.walk(hollow):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
            node.body = [ast.Return(ast.Constant(None))]
    yield WrongProgram("hollow", ast.unparse(ast.fix_missing_locations(hollow)))
    if isinstance(task.tests, CallTests | CheckTests):
        yield WrongProgram("wrapped", f"{task.reference}\n\n{_wrapping(task.tests.entry_point)}")


def _wrapping(entry_point: str) -> str:
    """Source that puts what the entry point returns into a list."""
    owner, _, method = entry_point.rpartition(".")
    target = f"{owner.removesuffix('()')}.{method}" if owner else entry_point
    return (
        f"def _wrapped(_right):\n    return lambda *args, **kwargs: [_right(*args, **kwargs)]\n\n\n"
        f"{target} = _wrapped({target})\n"
    )


def _mutants(name: str, tree: ast.Module, count: int) -> Iterator[WrongProgram]:
    places = [number for number, node in enumerate(ast.walk(tree)) if _changes(node)]
    chosen = random.Random(f"mutants {name}").sample(places, min(count, len(places)))
    for number, place in enumerate(sorted(chosen), start=1):
        mutant = copy.deepcopy(tree)
        node = next(node for at, node in enumerate(ast.walk(mutant)) if at == place)
        _change(node)
        yield WrongProgram(f"mutant-{number}", ast.unparse(mutant), certain=False)


def _changes(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[op]) | ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op):
            return type(op) in _OPPOSITE
        case ast.Constant(value=int() | bool()):
            return True
    return False


def _change(node: ast.AST) -> None:
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [_OPPOSITE[type(op)]()]  # type: ignore[list-item]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op):
            node.op = _OPPOSITE[type(op)]()  # type: ignore[assignment]
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
