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
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .names import CASE, PROVE, REACH
from .strict_approx import make_approx_strict
from .tables import Tables, is_table, local_tables, parameters_of, rows_of

_METHODS = frozenset(
    {"assertEqual", "assertEquals", "assertNotEqual", "assertAlmostEqual", "assertNotAlmostEqual"}
    | {"assertGreater", "assertGreaterEqual", "assertLess", "assertLessEqual", "assertIn", "assertNotIn"}
    | {"assertListEqual", "assertDictEqual", "assertTupleEqual", "assertSetEqual", "assertCountEqual"}
    | {"assertSequenceEqual", "assertMultiLineEqual", "assertIs", "assertIsNot", "assertRegex"}
)
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp)
_MAKERS = ("pytest.approx", "approx", "set", "frozenset")
_EXPECTING = ("aises", "suppress", "arns")


@dataclass(frozen=True, slots=True)
class Site:
    """One assertion of the test code."""

    number: int
    test: str
    """The function or `Class.method` whose source holds it; empty at the top of the module."""
    required: bool
    """Whether a test that comes to its end has passed here exactly once."""
    comparison: ast.expr | None = None
    """Compares `value` with a constant or with `other`; None where nothing can be compared outside."""
    weighty: bool = False
    """Whether it compares with a constant that cannot be guessed at once, as `True` can."""
    operands: int = 1
    """How many values are sent."""

    def holds(self, values: Sequence[Any], row: Mapping[str, ast.expr]) -> bool:
        """Compares values that arrived; raises whatever comparisons raise.

        Args:
            values: What was sent.
            row: Constants of this run of the test, by name.
        """
        assert self.comparison is not None
        comparison = _Inline(dict(row)).visit(copy.deepcopy(self.comparison))
        names = {**_trusted_names(), **dict(zip(("value", "other"), values, strict=False))}
        return bool(eval(_compiled(comparison), names)) or isinstance(comparison, ast.Call)

    def text(self, row: Mapping[str, ast.expr]) -> str:
        """The comparison as source."""
        assert self.comparison is not None
        return ast.unparse(_Inline(dict(row)).visit(copy.deepcopy(self.comparison)))


@dataclass(frozen=True, slots=True)
class BesideProgram:
    """Rewritten test code."""

    source: str
    sites: tuple[Site, ...]
    rows: Mapping[str, list[dict[str, ast.expr]]]
    """Constants of parametrized tests, for each of their runs in order."""

    @classmethod
    def rewrite(cls, tree: ast.Module, test: str = "") -> BesideProgram:
        """Takes out of test code what can be compared outside.

        Args:
            tree: The test code; not changed.
            test: What assertions at the top of the module belong to.
        """
        tree = copy.deepcopy(tree)
        rewriter = _Rewriter(Tables.take(tree))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                rewriter.function(node, node.name)
            elif isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                        rewriter.function(member, f"{node.name}.{member.name}")
        tree.body = rewriter.module(tree.body, test)
        return cls(ast.unparse(ast.fix_missing_locations(tree)), tuple(rewriter.sites), rewriter.rows)


class _Rewriter:
    """Rewrites functions, statement by statement."""

    def __init__(self, tables: Tables) -> None:
        self.sites: list[Site] = []
        self.rows: dict[str, list[dict[str, ast.expr]]] = {}
        self._known = tables
        self._tables: dict[str, ast.List | ast.Tuple] = tables.known
        self._constants: dict[str, ast.expr] = {}

    def module(self, body: list[ast.stmt], test: str) -> list[ast.stmt]:
        """Rewrites what stands at the top of a module, apart from functions and classes."""
        found: list[ast.stmt] = []
        for node in body:
            is_done = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            found += [node] if is_done else self.statements([node], test, once=True)
        return found

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> None:
        """Rewrites one test or helper in place."""
        self._constants = _hidden_constants(node)
        node.body = [part for part in node.body if not _binds(part, self._constants)] or [ast.Pass()]
        compared = {argument.arg for argument in node.args.args} - set(_used_otherwise(node.body))
        taken, rows = parameters_of(node, compared)
        if taken:
            self.rows[name] = rows
            self._constants |= {parameter: ast.Name(parameter, ast.Load()) for parameter in taken}
        self._tables = {**self._known.seen_by(node), **local_tables(node)}
        node.body = self.statements(node.body, name, once=True)
        self._constants, self._tables = {}, self._known.known

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
            for inner in ast.walk(node):
                if isinstance(inner, ast.For):
                    inner.iter = copy.deepcopy(self._tables.get(ast.unparse(inner.iter), inner.iter))
            return [_Inline(self._constants).visit(node)]
        if isinstance(node, ast.For) and (unrolled := self._unrolled(node, test, once=once)) is not None:
            return unrolled
        once = once and isinstance(node, ast.With | ast.AsyncWith) and not _may_catch(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, self.statements(block, test, once=once))
        for handler in getattr(node, "handlers", ()):
            handler.body = self.statements(handler.body, test, once=False)
        return [node]

    def _unrolled(self, loop: ast.For, test: str, *, once: bool) -> list[ast.stmt] | None:
        """The rounds of a loop over a table, one after the other."""
        key = ast.unparse(loop.iter)
        table = loop.iter if is_table(loop.iter) else self._tables.get(key)
        if not isinstance(table, ast.List | ast.Tuple):
            return None
        rows = rows_of(loop, table)
        if rows is None:
            loop.iter = copy.deepcopy(table)
            return None
        used = set(_used_otherwise(loop.body))
        found: list[ast.stmt] = []
        outer = self._constants
        for row in rows:
            self._constants = {**outer, **{name: part for name, part in row.items() if name not in used}}
            for name, part in row.items():
                if name in used:
                    found.append(ast.Assign([ast.Name(name, ast.Store())], part))
            found += self.statements(copy.deepcopy(loop.body), test, once=once)
        self._constants = outer
        return found

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
            if not self._is_constant(left):
                outside = ast.Compare(_value(), [operator], [_value("other")])
                return [self._pair(left, right, outside, name, once=once)]
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
            if not self._is_constant(one):
                function = ast.Attribute(ast.Name(CASE, ast.Load()), method, ast.Load())
                keywords = [keyword for keyword in call.keywords if keyword.arg != "msg"]
                outside = ast.Call(function, [_value(), _value("other"), *call.args[2:]], keywords)
                return [self._pair(one, other, outside, name, once=once)]
        return self._reached(node, name, once=once)

    def _pair(self, one: ast.expr, other: ast.expr, outside: ast.expr, name: str, *, once: bool) -> ast.stmt:
        """Both operands are computed in place, and compared outside all the same."""
        number = len(self.sites)
        self.sites.append(Site(number, name, once, outside, operands=2))
        operands = [ast.Constant(number), self._in_place(one), self._in_place(other)]
        return ast.Expr(ast.Call(ast.Name(PROVE, ast.Load()), operands, []))

    def _in_place(self, node: ast.expr) -> ast.expr:
        found: ast.expr = _Inline(self._constants).visit(copy.deepcopy(node))
        return found

    def _proof(
        self, dynamic: ast.expr, outside: ast.expr, constant: ast.expr, name: str, *, once: bool
    ) -> ast.stmt:
        number = len(self.sites)
        inlined = self._inlined(constant)
        weighty = not (isinstance(inlined, ast.Constant) and inlined.value in (None, True, False))
        self.sites.append(Site(number, name, once, outside, weighty))
        operands = [ast.Constant(number), self._in_place(dynamic)]
        return ast.Expr(ast.Call(ast.Name(PROVE, ast.Load()), operands, []))

    def _reached(self, node: ast.stmt, name: str, *, once: bool) -> list[ast.stmt]:
        number = len(self.sites)
        self.sites.append(Site(number, name, once))
        node = _Inline(self._constants).visit(node)
        return [node, ast.Expr(ast.Call(ast.Name(REACH, ast.Load()), [ast.Constant(number)], []))]

    def _is_constant(self, node: ast.expr) -> bool:
        return _is_literal(node, self._constants)

    def _inlined(self, node: ast.expr) -> ast.expr:
        return self._in_place(node)


class _Inline(ast.NodeTransformer):
    """Puts constants back where they are needed in place."""

    def __init__(self, constants: dict[str, ast.expr]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._constants.get(node.id)
        return node if found is None else copy.deepcopy(found)


def _value(name: str = "value") -> ast.expr:
    return ast.Name(name, ast.Load())


def _is_literal(node: ast.expr, names: Container[str] = ()) -> bool:
    """Whether an expression is made of literals and these names, and of sets and `pytest.approx` of them."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Call):
        operands = [*node.args, *(keyword.value for keyword in node.keywords)]
        return ast.unparse(node.func) in _MAKERS and all(_is_literal(part, names) for part in operands)
    if not isinstance(node, _LITERALS):
        return False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow | ast.LShift | ast.Mod):
        return False
    return all(_is_literal(part, names) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


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
    used = set(_used_otherwise(function.body))
    constants = {}
    for statement in function.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and stores[target.id] == 1 and _is_literal(statement.value):
                constants[target.id] = statement.value
    return {name: value for name, value in constants.items() if name not in used}


class _Everything(Container[str]):
    """Every name."""

    def __contains__(self, _: object) -> bool:
        return True


def _used_otherwise(body: Sequence[ast.stmt]) -> Iterable[str]:
    """Names that are read anywhere but as an operand of an assertion, or within `pytest.approx` there."""
    compared: set[int] = set()
    nodes = [node for statement in body for node in ast.walk(statement)]
    for node in nodes:
        test = node.test if isinstance(node, ast.Assert) else None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_assertion(node.value):
            operands = node.value.args[:2]
            compared |= {id(name) for operand in operands for name in _names_of_constant(operand)}
            test = node.value.args[0] if node.value.args else None
        if isinstance(test, ast.Compare):
            operands = [test.left, *test.comparators]
            compared |= {id(name) for operand in operands for name in _names_of_constant(operand)}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in compared:
            yield node.id


def _names_of_constant(operand: ast.expr) -> Iterable[ast.AST]:
    """The names in an operand that is a constant if they are."""
    return ast.walk(operand) if _is_literal(operand, _Everything()) else ()


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
    make_approx_strict()
    return {**names, "pytest": pytest, "approx": pytest.approx}
