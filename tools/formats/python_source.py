"""Whether a text is Python; no text makes these raise or warn."""

from __future__ import annotations

import ast
import warnings


def is_python(text: str) -> bool:
    """Whether a text is Python with at least one statement."""
    return bool(_statements(text))


def is_program(text: str) -> bool:
    """Whether it is Python that does something; a word, or a list of words, is none."""
    acting = (ast.Call, ast.BinOp, ast.Await)
    return any(
        not isinstance(each, ast.Expr) or any(isinstance(node, acting) for node in ast.walk(each))
        for each in _statements(text)
    )


def _statements(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
