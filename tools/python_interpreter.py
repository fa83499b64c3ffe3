"""The tool that runs a cell in the episode's interpreter."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .interpreter_session import InterpreterSession
from .tool import Observation


class CodeArguments(BaseModel):
    """Arguments of the interpreter."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="Python source of the cell")


class PythonInterpreter:
    """Runs code; variables stay from call to call."""

    name = "python_interpreter"
    description = "Runs a Python cell and returns what it printed. Variables stay from call to call."
    arguments: type[BaseModel] = CodeArguments

    def __init__(self, limit: int = 4000) -> None:
        """Sets the most characters of an observation."""
        self._limit = limit

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Runs the cell."""
        code = CodeArguments.model_validate(arguments.model_dump()).code
        run = await session.run(code)
        return Observation(run.result.text(self._limit), code, run.result, run.host_calls)
