"""Code of the person at the debugger, run in a frame of the program.

An expression sees the names of the frame also inside comprehensions and lambdas, which `eval` with locals
would not give it. A statement changes the variables of the frame.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

_NAME = "<debugger>"


def compiled(expression: str) -> CodeType:
    """An expression, ready to be evaluated.

    Raises:
        SyntaxError: If it is none; ValueError likewise.
    """
    return compile(expression.strip(), _NAME, "eval", dont_inherit=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose names are in sight."""

    globals: dict[str, Any]
    locals: Mapping[str, Any]
    frame: FrameType | None = None

    @classmethod
    def of(cls, frame: FrameType) -> Scope:
        """The names of a call."""
        return cls(frame.f_globals, frame.f_locals, frame)


def evaluate(expression: str | CodeType, scope: Scope) -> Any:
    """The value of an expression."""
    code = compiled(expression) if isinstance(expression, str) else expression
    names = scope.globals if scope.locals is scope.globals else {**scope.globals, **scope.locals}
    return eval(code, names)


def execute(statement: str, scope: Scope) -> None:
    """Runs a statement, which may change the variables of the call."""
    code = compile(statement, _NAME, "exec", dont_inherit=True)
    exec(code, scope.globals, scope.locals)
    if scope.locals is not scope.globals and scope.frame is not None and sys.version_info < (3, 13):
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(scope.frame), ctypes.c_int(0))
