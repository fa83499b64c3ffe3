"""Looking at syntax trees quickly: every task is read when it is met first."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_NO_NODES = frozenset({int, str, type(None), float, bool})


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree, as `ast.walk` has them."""
    found = [tree]
    for node in found:
        for part in vars(node).values():
            kind = type(part)
            if kind is list:
                found += [each for each in part if isinstance(each, ast.AST)]
            elif kind not in _NO_NODES and isinstance(part, ast.AST):
                found.append(part)
    return found


def same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement without what is inside of functions and classes that it defines."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            left += reversed(list(ast.iter_child_nodes(node)))
