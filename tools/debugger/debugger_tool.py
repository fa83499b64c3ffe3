"""The tool that debugs a model's own program, and answers a cell that waits for input."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ...kernels.cell_result import cut_middle
from ..interpreter_session import InterpreterSession
from ..tool import Observation

COMMANDS_IN_SHORT = (
    "run, start, step, next, finish, until [LINE], continue, "
    "break LINE|FUNCTION [if CONDITION], tbreak, ignore, delete, watch EXPRESSION, "
    "print EXPRESSION, locals, where, up, down, list, quit, help"
)


class DebuggerArguments(BaseModel):
    """Arguments of the debugger."""

    model_config = ConfigDict(extra="forbid")

    command: str = Field(default="", description=f"One command a line: {COMMANDS_IN_SHORT}")
    program: str | None = Field(
        default=None, description="Python source to debug from now on; the last cell if none was given"
    )
    stdin: str | None = Field(default=None, description="Standard input of the program's next run")
    args: list[str] | None = Field(
        default=None, description="Command-line arguments of the program's next run"
    )


class Debugger:
    """Runs a program step by step; it stands still from call to call."""

    name = "debugger"
    description = (
        "Debugs a Python program, like gdb: give the program and its input once, then commands. The program "
        "stands still between calls; you see where, and which variables have changed. After an exception you "
        "can look around where it was raised. It also answers a cell that waits for input. "
        "Host functions are for cells only."
    )
    arguments: type[BaseModel] = DebuggerArguments

    def __init__(self, limit: int = 4000) -> None:
        """Sets the most characters of an observation."""
        self._limit = limit

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Carries the commands out."""
        given = DebuggerArguments.model_validate(arguments.model_dump())
        if session.is_waiting and given.program is None:
            return await self._answer(session, given.command.split("\n"))
        return Observation(await session.debug(given.command, given.program, given.stdin, given.args))

    async def _answer(self, session: InterpreterSession, lines: list[str]) -> Observation:
        """Answers the waiting cell line by line, as long as it asks."""
        told, host_calls = [], 0
        for number, line in enumerate(lines):
            if not session.is_waiting:
                told.append(f"({len(lines) - number} lines were not used: no cell waits for input any more)")
                break
            run = await session.answer(line)
            host_calls += run.host_calls
            told.append(run.result.text(self._limit))
        return Observation(cut_middle("\n".join(filter(None, told)), self._limit), host_calls=host_calls)
