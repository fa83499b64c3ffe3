"""A `check(candidate)` program, cut into tests.

Every top-level statement of `check` that asserts something is one test, and runs also when an earlier one
failed. Where that cannot be done without changing what the program means, the whole of `check` is one test.
"""

from __future__ import annotations

import ast
import types
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ..beside.names import TEST_MODULE
from .broken_tests_error import BrokenTestsError
from .call_plan import CallPlan, binds
from .syntax import nodes_of, same_scope

_GUARD = "__replgym_test__"


class CheckProgramError(BrokenTestsError):
    """The test program itself is broken; no submission can be judged by it."""


def parsed(source: str) -> ast.Module:
    """A test program.

    Raises:
        CheckProgramError: If it does not compile.
    """
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise CheckProgramError(f"the test program does not compile: {error}") from error


@dataclass(frozen=True, slots=True)
class CheckProgram:
    """A test program, ready to run."""

    tests: int
    """How many tests it has, at least one."""
    tree: ast.Module
    """The program, cut."""
    plan: CallPlan
    """Calls that it is certain to make; none where it is not known to be plain."""
    _context: str
    _code: types.CodeType

    @classmethod
    def cut(cls, tree: ast.Module, context: str = "", *, entry_point: str = "") -> CheckProgram:
        """Cuts a program into tests.

        Args:
            tree: The program; it is changed.
            context: What runs before it.
            entry_point: The submission's function, if calls of it are to be planned: for plain programs.

        Raises:
            CheckProgramError: If it does not compile or defines no plain function `check`.
        """
        tree.body = [node for node in tree.body if not _is_call_of_check(node)]
        check = _find_check(tree)
        plan = CallPlan()
        if _can_be_cut(check) and (tests := [each for each in check.body if _asserts_something(each)]):
            count = len(tests)
            if entry_point:
                plan = _plan(tree, check, tests, entry_point)
            numbers = {id(statement): number for number, statement in enumerate(tests)}
            check.body = [
                _guarded([each], numbers[id(each)]) if id(each) in numbers else each for each in check.body
            ]
        else:
            check.body, count = [_guarded(check.body, 0)], 1
        try:
            code = compile(tree, "<check>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise CheckProgramError(f"the test program does not compile: {error}") from error
        return cls(count, tree, plan, context, code)

    def context(self) -> dict[str, Any]:
        """What the context defines; executed anew.

        Raises:
            CheckProgramError: If it fails.
        """
        defined: dict[str, Any] = {"__name__": TEST_MODULE}
        try:
            exec(compile(self._context, "<context>", "exec", dont_inherit=True), defined)
        except Exception as error:
            raise CheckProgramError(
                f"the context of the test program failed: {type(error).__name__}: {error}"
            ) from error
        return defined

    def load(
        self, guard: Callable[[int], AbstractContextManager[object]], names: Mapping[str, object]
    ) -> Callable[[object], object]:
        """Executes the program.

        Args:
            guard: Makes the context manager in which test number n runs.
            names: What the program finds: its context, and the submission under its own name.

        Returns:
            The function `check`.

        Raises:
            CheckProgramError: If it fails.
        """
        namespace: dict[str, Any] = {**names, _GUARD: guard}
        try:
            exec(self._code, namespace)
        except Exception as error:
            raise CheckProgramError(f"the test program failed: {type(error).__name__}: {error}") from error
        found: Callable[[object], object] = namespace["check"]
        return found


def whole_program(source: str, context: str) -> ast.Module:
    """The context and the program in one, not cut."""
    tree = ast.parse(source)
    kept = [node for node in tree.body if not _is_call_of_check(node)]
    tree.body = [*ast.parse(context).body, *kept]
    return tree


def _plan(tree: ast.Module, check: ast.FunctionDef, tests: list[ast.stmt], entry_point: str) -> CallPlan:
    """What `check` calls, under the name of its parameter or of the submission's function."""
    names = {check.args.args[0].arg: entry_point, entry_point: entry_point}
    if binds(tree, names):
        return CallPlan()
    numbers = {id(statement): number for number, statement in enumerate(tests)}
    before = [(None, statement) for statement in tree.body if statement is not check]
    return CallPlan.of_statements([*before, *((numbers.get(id(each)), each) for each in check.body)], names)


def _is_call_of_check(node: ast.stmt) -> bool:
    """Whether a program runs itself, as those that are appended to a submission do."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return isinstance(node.value.func, ast.Name) and node.value.func.id == "check"


def _find_check(tree: ast.Module) -> ast.FunctionDef:
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if not found:
        raise CheckProgramError("the test program does not define check(candidate)")
    return found[-1]


def _can_be_cut(check: ast.FunctionDef) -> bool:
    """Whether no statement leaves `check` early and no assertion hides in a function of its own."""
    nodes = nodes_of(check)
    kinds = Counter(map(type, nodes))
    leaving = kinds.keys() & {ast.Return, ast.Yield, ast.YieldFrom}
    scopes = sum(kinds[kind] for kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
    if scopes == 1:  # its own
        return not leaving
    own = {id(node) for statement in check.body for node in same_scope(statement)}
    return not any(
        id(node) in own if type(node) in leaving else type(node) is ast.Assert and id(node) not in own
        for node in nodes
    )


def _asserts_something(statement: ast.stmt) -> bool:
    """True with an assertion that can fail; `assert True` tests nothing."""
    if type(statement) is ast.Assert:
        return _can_fail(statement)
    return any(isinstance(node, ast.Assert) and _can_fail(node) for node in same_scope(statement))


def _can_fail(node: ast.Assert) -> bool:
    return not (isinstance(node.test, ast.Constant) and node.test.value)


def _guarded(body: list[ast.stmt], number: int) -> ast.stmt:
    first = body[0]
    call = ast.Call(ast.Name(_GUARD, ast.Load()), [ast.Constant(number)], [])
    guarded = ast.With(items=[ast.withitem(call)], body=body)
    for node in (call, call.func, *call.args, guarded):
        ast.copy_location(node, first)
    return guarded
