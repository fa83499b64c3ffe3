"""Test code that must run beside the submission, rewritten so that what it expects stays outside.

    assert f(3) == [1, 2]          ->   prove(7, f(3))
    self.assertEqual(total, 12.5)  ->   prove(8, total)
    self.assertIsNotNone(axes)     ->   self.assertIsNotNone(axes); reach(9)

A *site* is an assertion. At a provable site one operand is a constant of the test code: only the other one is
computed beside the submission, sent out, and compared on the trusted side. Constants that are bound to a name
which serves comparisons alone are taken out as well. All other sites are evaluated in place, and all that is
told is that they were reached.
"""

from __future__ import annotations

import ast
import copy
import unittest
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .beside_names import CASE, PROVE, REACH

_METHODS = frozenset(
    {"assertEqual", "assertEquals", "assertNotEqual", "assertAlmostEqual", "assertNotAlmostEqual"}
    | {"assertGreater", "assertGreaterEqual", "assertLess", "assertLessEqual", "assertIn", "assertNotIn"}
    | {"assertListEqual", "assertDictEqual", "assertTupleEqual", "assertSetEqual", "assertCountEqual"}
    | {"assertSequenceEqual", "assertMultiLineEqual", "assertIs", "assertIsNot", "assertRegex"}
)
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp)
_MAKERS = ("pytest.approx", "approx", "set", "frozenset")
_EXPECTING = ("aises", "suppress", "arns", "subTest")


@dataclass(frozen=True, slots=True)
class Site:
    """One assertion of the test code."""

    number: int
    test: str
    """The function or `Class.method` whose source holds it; empty at the top of the module."""
    required: bool
    """Whether a test that comes to its end has passed here exactly once."""
    comparison: ast.expr | None = None
    """Compares `value` with the constant; None where nothing can be compared outside."""
    weighty: bool = False
    """Whether the constant is not one that can be guessed at once, as `True` can."""

    def holds(self, value: Any) -> bool:
        """Compares a value that arrived with the constant; raises whatever comparisons raise."""
        assert self.comparison is not None
        result = eval(_compiled(self.comparison), {**_trusted_names(), "value": value})
        return bool(result) or isinstance(self.comparison, ast.Call)

    @property
    def text(self) -> str:
        """The comparison as source."""
        return "" if self.comparison is None else ast.unparse(self.comparison)


@dataclass(frozen=True, slots=True)
class BesideProgram:
    """Rewritten test code."""

    source: str
    sites: tuple[Site, ...]

    @classmethod
    def rewrite(cls, tree: ast.Module, test: str = "") -> BesideProgram:
        """Takes out of test code what can be compared outside.

        Args:
            tree: The test code; not changed.
            test: What assertions at the top of the module belong to.
        """
        tree = copy.deepcopy(tree)
        rewriter = _Rewriter()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                rewriter.function(node, node.name)
            elif isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                        rewriter.function(member, f"{node.name}.{member.name}")
        tree.body = rewriter.statements(tree.body, test, once=True)
        return cls(ast.unparse(ast.fix_missing_locations(tree)), tuple(rewriter.sites))


class _Rewriter:
    """Rewrites functions, statement by statement."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self._constants: dict[str, ast.expr] = {}

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> None:
        """Rewrites one test or helper in place."""
        self._constants = _hidden_constants(node)
        node.body = [part for part in node.body if not _binds(part, self._constants)] or [ast.Pass()]
        node.body = self.statements(node.body, name, once=True)
        self._constants = {}

    def statements(self, body: list[ast.stmt], test: str, *, once: bool) -> list[ast.stmt]:
        """Rewrites a block; `once` where each of its statements runs exactly once."""
        found: list[ast.stmt] = []
        for statement in body:
            found += self._statement(statement, test, once=once)
            once = once and not any(isinstance(node, ast.Return) for node in ast.walk(statement))
        return found

    def _statement(self, node: ast.stmt, test: str, *, once: bool) -> list[ast.stmt]:
        if isinstance(node, ast.Assert):
            return [*self._condition(node, node.test, test, once=once)]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_assertion(node.value):
            return self._method(node, node.value, test, once=once)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return [node]
        once = once and isinstance(node, ast.With | ast.AsyncWith) and not _may_catch(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, self.statements(block, test, once=once))
        for handler in getattr(node, "handlers", ()):
            handler.body = self.statements(handler.body, test, once=False)
        return [node]

    def _condition(self, node: ast.stmt, test: ast.expr, name: str, *, once: bool) -> list[ast.stmt]:
        """An assertion that a comparison holds, or anything else."""
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            operator = test.ops[0]
            if self._is_constant(right) and not self._is_constant(left):
                outside = ast.Compare(_value(), [operator], [self._inlined(right)])
                return [self._proof(left, outside, right, name, once=once)]
            if self._is_constant(left) and not self._is_constant(right):
                outside = ast.Compare(self._inlined(left), [operator], [_value()])
                return [self._proof(right, outside, left, name, once=once)]
        return self._reached(node, name, once=once)

    def _method(self, node: ast.stmt, call: ast.Call, name: str, *, once: bool) -> list[ast.stmt]:
        """An assertion by a method of a test case."""
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if method == "assertTrue" and call.args:
            return self._condition(node, call.args[0], name, once=once)
        if method in _METHODS and len(call.args) >= 2 and _has_plain_options(call):
            one, other = call.args[:2]
            if self._is_constant(one) != self._is_constant(other):
                dynamic, constant = (other, one) if self._is_constant(one) else (one, other)
                operands = [
                    self._inlined(operand) if operand is constant else _value() for operand in (one, other)
                ]
                function = ast.Attribute(ast.Name(CASE, ast.Load()), method, ast.Load())
                keywords = [keyword for keyword in call.keywords if keyword.arg != "msg"]
                outside = ast.Call(function, [*operands, *call.args[2:]], keywords)
                return [self._proof(dynamic, outside, constant, name, once=once)]
        return self._reached(node, name, once=once)

    def _proof(
        self, dynamic: ast.expr, outside: ast.expr, constant: ast.expr, name: str, *, once: bool
    ) -> ast.stmt:
        number = len(self.sites)
        inlined = self._inlined(constant)
        weighty = not (isinstance(inlined, ast.Constant) and inlined.value in (None, True, False))
        self.sites.append(Site(number, name, once, outside, weighty))
        return ast.Expr(ast.Call(ast.Name(PROVE, ast.Load()), [ast.Constant(number), dynamic], []))

    def _reached(self, node: ast.stmt, name: str, *, once: bool) -> list[ast.stmt]:
        number = len(self.sites)
        self.sites.append(Site(number, name, once))
        node = _Inline(self._constants).visit(node)
        return [node, ast.Expr(ast.Call(ast.Name(REACH, ast.Load()), [ast.Constant(number)], []))]

    def _is_constant(self, node: ast.expr) -> bool:
        return node.id in self._constants if isinstance(node, ast.Name) else _is_literal(node)

    def _inlined(self, node: ast.expr) -> ast.expr:
        return copy.deepcopy(self._constants[node.id] if isinstance(node, ast.Name) else node)


class _Inline(ast.NodeTransformer):
    """Puts constants back where they are needed in place."""

    def __init__(self, constants: dict[str, ast.expr]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._constants.get(node.id)
        return node if found is None else copy.deepcopy(found)


def _value() -> ast.expr:
    return ast.Name("value", ast.Load())


def _is_literal(node: ast.expr) -> bool:
    """Whether an expression is made of literals, and of sets and `pytest.approx` of them."""
    if isinstance(node, ast.Call):
        operands = [*node.args, *(keyword.value for keyword in node.keywords)]
        return ast.unparse(node.func) in _MAKERS and all(map(_is_literal, operands))
    if not isinstance(node, _LITERALS):
        return False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow | ast.LShift | ast.Mod):
        return False
    return all(_is_literal(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def _has_plain_options(call: ast.Call) -> bool:
    """Whether all but the operands are literals, apart from messages."""
    options = [*call.args[2:], *(keyword.value for keyword in call.keywords if keyword.arg != "msg")]
    return all(map(_is_literal, options))


def _hidden_constants(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    """Names that are bound once, to a literal, and then only compared with."""
    stores: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            stores[node.id] = stores.get(node.id, 0) + 1
    used = set(_used_otherwise(function))
    constants = {}
    for statement in function.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and stores[target.id] == 1 and _is_literal(statement.value):
                constants[target.id] = statement.value
    return {name: value for name, value in constants.items() if name not in used}


def _used_otherwise(function: ast.AST) -> Iterable[str]:
    """Names that are read anywhere but as an operand of an assertion."""
    compared: set[int] = set()
    for node in ast.walk(function):
        test = node.test if isinstance(node, ast.Assert) else None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_assertion(node.value):
            compared |= {id(operand) for operand in node.value.args[:2]}
            test = node.value.args[0] if node.value.args else None
        if isinstance(test, ast.Compare):
            compared |= {id(operand) for operand in (test.left, *test.comparators)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in compared:
            yield node.id


def _binds(statement: ast.stmt, constants: dict[str, ast.expr]) -> bool:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Name) and constants.get(target.id) is statement.value


def _is_assertion(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return str(name).startswith("assert")


def _may_catch(node: ast.With | ast.AsyncWith) -> bool:
    """Whether a block may be left by an exception that the test expects."""
    text = " ".join(ast.unparse(item.context_expr) for item in node.items)
    return any(word in text for word in _EXPECTING)


def _compiled(expression: ast.expr) -> Any:
    return compile(ast.fix_missing_locations(ast.Expression(expression)), "<site>", "eval")


def _trusted_names() -> dict[str, Any]:
    names: dict[str, Any] = {CASE: unittest.TestCase()}
    try:
        import pytest
    except ModuleNotFoundError:
        return names
    return {**names, "pytest": pytest, "approx": pytest.approx}
