"""Test programs that can do nothing to the interpreter they run in: they need no process of their own.

What is allowed is listed, and short: assertions over calls of the submission, literals, arithmetic and a few
harmless built-in functions. Whatever else a program does, it is not plain.
"""

from __future__ import annotations

import ast
import builtins

from ..tests import AssertTests, CheckTests, Tests
from .syntax import nodes_of

_NODES = (
    ast.Module, ast.Assert, ast.Expr, ast.Constant, ast.Load, ast.Store, ast.Starred, ast.keyword,
    ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice, ast.IfExp, ast.Assign, ast.Pass,
    ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.BinOp, ast.UnaryOp, ast.unaryop, ast.Call,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.BitXor,
)  # fmt: skip
"""Without powers, shifts, loops, attributes, definitions and imports."""
_BUILT_INS = (
    *(
        abs,
        all,
        any,
        bool,
        dict,
        divmod,
        enumerate,
        float,
        frozenset,
        int,
        len,
        list,
        max,
        min,
        range,
        reversed,
    ),
    *(round, set, sorted, str, sum, tuple, zip),
)
_HARMLESS = frozenset(each.__name__ for each in _BUILT_INS)
_MODULES = frozenset({"math", "typing"})
_ALWAYS = frozenset(_NODES)


def is_plain(tests: Tests, tree: ast.Module | None = None) -> bool:
    """Whether examining with these tests may happen in a process that examines again afterwards.

    Args:
        tests: The tests.
        tree: The program of `CheckTests`, or setup and statements of `AssertTests` in one, if it is at hand.
    """
    if isinstance(tests, AssertTests):
        texts = [tests.setup, *tests.statements]
        if tree is None:
            return not tests.preamble and all(_is_plain_text(text, in_check=False) for text in texts)
        return not tests.preamble and _is_plain_program(tree, in_check=False)
    if isinstance(tests, CheckTests):
        return (
            not tests.preamble
            and _is_plain_text(tests.context, in_check=False)
            and (
                _is_plain_text(tests.source, in_check=True)
                if tree is None
                else _is_plain_program(tree, in_check=True)
            )
        )
    return False


def _is_plain_text(text: str, *, in_check: bool) -> bool:
    if not text:
        return not in_check
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _is_plain_program(tree, in_check=in_check)


def _is_plain_program(tree: ast.Module, *, in_check: bool) -> bool:
    statements = list(tree.body)
    if in_check:
        checks = [each for each in statements if isinstance(each, ast.FunctionDef)]
        if len(checks) != 1 or not _is_bare_check(checks[0]):
            return False
        statements.remove(checks[0])
        statements += checks[0].body
    return all(_is_plain_import(each) or _is_plain_node(each) for each in statements)


def _is_bare_check(function: ast.FunctionDef) -> bool:
    given = function.args
    plain = len(given.args) == 1 and not (
        given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg
    )
    return function.name == "check" and plain and not (given.defaults or function.decorator_list)


def _is_plain_import(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module in _MODULES and statement.level == 0
    return isinstance(statement, ast.Import) and {alias.name for alias in statement.names} <= _MODULES


def _is_plain_node(statement: ast.AST) -> bool:
    return all(type(node) in _ALWAYS or _is_allowed(node) for node in nodes_of(statement))


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        of_module = isinstance(node.value, ast.Name) and node.value.id in _MODULES
        return of_module and isinstance(node.ctx, ast.Load) and not node.attr.startswith("_")
    if isinstance(node, ast.Name):
        known = node.id in _HARMLESS or not hasattr(builtins, node.id)
        return known and not node.id.startswith("__")
    return isinstance(node, _NODES)
