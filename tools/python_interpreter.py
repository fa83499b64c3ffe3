"""The tool that runs a cell in the episode's interpreter."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .interpreter_session import InterpreterSession
from .tool import Observation

_HOW_TO_ANSWER = "\n[the next command of the debugger is the answer; another cell ends this one]"


class CodeArguments(BaseModel):
    """Arguments of the interpreter."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="Python source of the cell")


class PythonInterpreter:
    """Runs code; variables stay from call to call, or every call has a fresh interpreter."""

    name = "python_interpreter"
    arguments: type[BaseModel] = CodeArguments

    def __init__(self, limit: int = 4000, *, stateless: bool = False) -> None:
        """Sets the most characters of an observation, and whether nothing stays."""
        self._limit = limit
        self._stateless = stateless

    @property
    def description(self) -> str:
        """What it does."""
        place, stays = (
            (" in a fresh interpreter", "Nothing stays") if self._stateless else ("", "Variables stay")
        )
        return f"Runs a Python cell{place} and returns what it printed. {stays} from call to call."

    @property
    def what_stays(self) -> str:
        """The same as half a sentence."""
        if self._stateless:
            return "each cell has a fresh interpreter, so nothing stays of earlier cells"
        return "variables stay"

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Runs the cell."""
        code = CodeArguments.model_validate(arguments.model_dump()).code
        run = await session.run(code)
        told = run.result.text(self._limit)
        if session.is_waiting:
            told += _HOW_TO_ANSWER
        return Observation(told, code, run.result, run.host_calls)
