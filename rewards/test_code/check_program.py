"""A `check(candidate)` program, cut into tests.

Every top-level statement of `check` that asserts something is one test, and runs also when an earlier one
failed. Where that cannot be done without changing what the program means, the whole of `check` is one test.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from ..beside.names import TEST_MODULE
from .broken_tests_error import BrokenTestsError

_GUARD = "__replgym_test__"


class CheckProgramError(BrokenTestsError):
    """The test program itself is broken; no submission can be judged by it."""


@dataclass(frozen=True, slots=True)
class CheckProgram:
    """A test program, ready to run."""

    tests: int
    """How many tests it has, at least one."""
    tree: ast.Module
    """The program, cut."""
    _context: str
    _defined: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, source: str, context: str = "") -> CheckProgram:
        """Cuts a program into tests.

        Raises:
            CheckProgramError: If the source does not compile or defines no plain function `check`.
        """
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError) as error:
            raise CheckProgramError(f"the test program does not compile: {error}") from error
        tree.body = [node for node in tree.body if not _is_call_of_check(node)]
        check = _find_check(tree)
        if _can_be_cut(check) and any(_asserts_something(statement) for statement in check.body):
            count = 0
            for place, statement in enumerate(check.body):
                if _asserts_something(statement):
                    check.body[place] = _guarded([statement], count)
                    count += 1
        else:
            check.body, count = [_guarded(check.body, 0)], 1
        return cls(count, ast.fix_missing_locations(tree), context)

    def context(self) -> dict[str, Any]:
        """What the context defines; executed once.

        Raises:
            CheckProgramError: If it fails.
        """
        if not self._defined:
            self._defined["__name__"] = TEST_MODULE
            try:
                exec(compile(self._context, "<context>", "exec", dont_inherit=True), self._defined)
            except Exception as error:
                raise CheckProgramError(
                    f"the context of the test program failed: {type(error).__name__}: {error}"
                ) from error
        return self._defined

    def load(
        self, guard: Callable[[int], AbstractContextManager[object]], names: Mapping[str, object]
    ) -> Callable[[object], object]:
        """Executes the context and the program.

        Args:
            guard: Makes the context manager in which test number n runs.
            names: What the program finds beside its context; some call the submission by its own name.

        Returns:
            The function `check`.

        Raises:
            CheckProgramError: If the context or the program fails.
        """
        namespace: dict[str, Any] = {**self.context(), _GUARD: guard, **names}
        try:
            exec(compile(self.tree, "<check>", "exec", dont_inherit=True), namespace)
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
    for node in ast.walk(check):
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and not _inside_function(check, node):
            return False
    return not any(isinstance(node, ast.Assert) and _inside_function(check, node) for node in ast.walk(check))


def _inside_function(check: ast.FunctionDef, wanted: ast.AST) -> bool:
    return not any(node is wanted for statement in check.body for node in _same_scope(statement))


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return
    for child in ast.iter_child_nodes(node):
        yield from _same_scope(child)


def _asserts_something(statement: ast.stmt) -> bool:
    """True with an assertion that can fail; `assert True` tests nothing."""
    return any(
        isinstance(node, ast.Assert) and not (isinstance(node.test, ast.Constant) and node.test.value)
        for node in _same_scope(statement)
    )


def _guarded(body: list[ast.stmt], number: int) -> ast.stmt:
    call = ast.Call(ast.Name(_GUARD, ast.Load()), [ast.Constant(number)], [])
    return ast.With(items=[ast.withitem(call)], body=body)
