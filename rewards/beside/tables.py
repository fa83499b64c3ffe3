"""Tables of cases in test code: loops over them are unrolled, so that what they expect can be taken out.

    for values, answer in [([1], 7), ([2], 9)]:      ->      values = [1]; prove(3, f(values))
        assert f(values) == answer                           values = [2]; prove(4, f(values))

A table is a literal that is bound once and only looped over: in a test, as an attribute in `setUp`, in the
module, or as what a fixture returns. Its binding is emptied when all its loops are unrolled.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from dataclasses import dataclass

_MAX_ROWS = 200
_LEAVING = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom)


Table = ast.List | ast.Tuple
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a test module that are not local to a test."""

    known: dict[str, Table]
    """By the source of what is looped over."""
    fixtures: frozenset[str]
    """Those that a fixture returns."""

    @classmethod
    def take(cls, tree: ast.Module) -> Tables:
        """Finds the tables of a module and empties their bindings."""
        known: dict[str, Table] = {}
        fixtures = set()
        for name, (value, owner) in _bindings(tree).items():
            if _is_only_looped_over(tree, name):
                known[name] = value
                fixtures |= {name} if isinstance(owner, ast.Return) else set()
                owner.value = ast.Constant(None)
        return cls(known, frozenset(fixtures))

    def seen_by(self, function: Function) -> dict[str, Table]:
        """Those that a function means by their names."""
        given = {argument.arg for argument in function.args.args}
        bound = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        return {
            name: table
            for name, table in self.known.items()
            if "." in name or (name not in bound and (name in given) == (name in self.fixtures))
        }


def local_tables(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.List | ast.Tuple]:
    """The tables of one test; their bindings are emptied."""
    stores = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    found: dict[str, ast.List | ast.Tuple] = {}
    for statement in function.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
            if isinstance(target, ast.Name) and stores.count(target.id) == 1 and is_table(value):
                assert isinstance(value, ast.List | ast.Tuple)
                if _is_only_looped_over(function, target.id):
                    found[target.id] = value
                    statement.value = ast.Constant(None)
    return found


def is_table(node: ast.AST) -> bool:
    """Whether an expression is a literal list or tuple of rows, not too long."""
    if not isinstance(node, ast.List | ast.Tuple) or not 0 < len(node.elts) <= _MAX_ROWS:
        return False
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def rows_of(loop: ast.For, table: ast.List | ast.Tuple) -> list[dict[str, ast.expr]] | None:
    """What the names of a loop are in each round; None if it cannot be unrolled."""
    if loop.orelse or any(isinstance(node, _LEAVING) for part in loop.body for node in ast.walk(part)):
        return None
    targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if len(names) != len(targets):
        return None
    rows = []
    for row in table.elts:
        parts = [row]
        if isinstance(loop.target, ast.Tuple):
            if not isinstance(row, ast.Tuple | ast.List) or len(row.elts) != len(names):
                return None
            parts = row.elts
        rows.append(dict(zip(names, copy.deepcopy(parts), strict=True)))
    return rows


def parameters_of(
    function: ast.FunctionDef | ast.AsyncFunctionDef, hidden: Iterable[str]
) -> tuple[list[str], list[dict[str, ast.expr]]]:
    """Takes columns out of the table of a parametrized test.

    Args:
        function: The test; changed in place.
        hidden: Parameters that may be taken out.

    Returns:
        The names that were taken out, and their values, row by row.
    """
    calls = [node for node in function.decorator_list if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func).endswith("mark.parametrize")]
    if len(calls) != 1 or len(calls[0].args) != 2 or calls[0].keywords or not is_table(calls[0].args[1]):
        return [], []
    try:
        given = ast.literal_eval(calls[0].args[0])
    except ValueError:
        return [], []
    names = [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)
    taken = [name for name in names if name in set(hidden)]
    table = calls[0].args[1]
    assert isinstance(table, ast.List | ast.Tuple)
    rows = []
    for place, row in enumerate(table.elts):
        parts = row.elts if len(names) > 1 and isinstance(row, ast.Tuple | ast.List) else [row]
        if len(parts) != len(names):
            return [], []
        rows.append({name: part for name, part in zip(names, parts, strict=True) if name in taken})
        kept = [
            ast.Constant(None) if name in taken else part for name, part in zip(names, parts, strict=True)
        ]
        table.elts[place] = kept[0] if len(names) == 1 else ast.Tuple(kept, ast.Load())
    return taken, rows


def _bindings(tree: ast.Module) -> dict[str, tuple[Table, ast.Assign | ast.Return]]:
    """What is bound once to a literal, with the statement that binds it."""
    found: dict[str, list[ast.Assign | ast.Return]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and len(node.body) == 1 and _is_fixture(node):
            if isinstance(node.body[0], ast.Return):
                found.setdefault(node.name, []).append(node.body[0])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) or node in tree.body:
                    found.setdefault(ast.unparse(target), []).append(node)
    return {
        name: (owner.value, owner)
        for name, (owner, *more) in found.items()
        if not more
        and isinstance(owner.value, ast.List | ast.Tuple)
        and is_table(owner.value)
        and not (isinstance(owner, ast.Assign) and len(owner.targets) > 1)
    }


def _is_fixture(function: ast.FunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)


def _is_only_looped_over(tree: ast.AST, name: str) -> bool:
    """Whether all that is done with a name is to loop over it."""
    looped = {id(node.iter) for node in ast.walk(tree) if isinstance(node, ast.For)}
    last = name.rpartition(".")[2]
    read = []
    for node in ast.walk(tree):
        is_attribute = isinstance(node, ast.Attribute) and "." in name and node.attr == last
        is_name = isinstance(node, ast.Name) and node.id == name
        if isinstance(node, ast.Attribute | ast.Name) and (is_attribute or is_name):
            read += [node] if isinstance(node.ctx, ast.Load) else []
    return bool(read) and all(id(use) in looped and ast.unparse(use) == name for use in read)
