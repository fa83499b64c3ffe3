"""Tests that their own source always skips: nobody can pass them, so they are no tests of a submission."""

from __future__ import annotations

import ast


def skipped_tests(tree: ast.Module) -> frozenset[str]:
    """Names of functions, classes and methods (as `Class.method`) under an unconditional skip."""
    found = set()
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if _is_skipped(node):
            found.add(node.name)
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and _is_skipped(member):
                found.add(f"{node.name}.{member.name}")
    return frozenset(found)


def _is_skipped(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(name) in ("unittest.skip", "skip", "pytest.mark.skip", "mark.skip"):
            return True
    return False
