"""What stands in for the interpreter where a policy must do without one.

No code runs. A cell that does nothing but submit is still a submission, and is read, not run:
`submit("...")` with a literal text, or the definitions of a program followed by `submit(name)`.
"""

from __future__ import annotations

import ast

from pydantic import BaseModel

from .interpreter_session import InterpreterSession, SubmissionError
from .python_interpreter import CodeArguments, PythonInterpreter
from .tool import Observation

_REFUSAL = (
    'the interpreter is turned off; submit your solution: write nothing but submit("""...""") with its '
    "text, or nothing but its definitions and then submit(NAME) with the name of one of them"
)


class TurnedOffInterpreter:
    """Reads submissions out of cells and runs nothing."""

    name = PythonInterpreter.name
    description = "The interpreter is turned off; a cell may only submit."
    arguments: type[BaseModel] = CodeArguments

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Records the submission in the cell, if that is all there is."""
        source = read_submission(CodeArguments.model_validate(arguments.model_dump()).code)
        if source is None:
            return Observation(_REFUSAL, refused=True)
        try:
            session.hand_in(source)
        except SubmissionError as error:
            return Observation(str(error), refused=True)
        return Observation("")


def read_submission(code: str) -> str | None:
    """The program that a cell would submit, or None when the cell does anything else."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match body:
        case [*before, ast.Expr(ast.Call(ast.Name("submit"), [argument], [])) as last]:
            return _program(code.splitlines()[: last.lineno - 1], before, argument)
    return None


def _program(lines: list[str], before: list[ast.stmt], argument: ast.expr) -> str | None:
    """The literal text, or the lines above when they hold definitions and imports alone."""
    match argument:
        case ast.Constant(str(text)) if not before:
            return text
        case ast.Name(name):
            defined = {node.name for node in before if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            allowed = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
            if name in defined and all(isinstance(node, allowed) for node in before):
                return "\n".join(lines) + "\n"
    return None
