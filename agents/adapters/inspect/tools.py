"""The tools of `PyInterp-v0` as tools of inspect, for any task whose sandbox is `replgym`.

Their state is the sample's: it lives in the sample's sandbox and ends with it. Calls are carried out one
after the other, since each may depend on what the one before has left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from inspect_ai.tool import Tool, ToolDef, tool
from inspect_ai.util import sandbox

from ....tools.debugger.debugger_tool import Debugger
from ....tools.python_interpreter import PythonInterpreter
from ....tools.submit import Submit
from ....tools.tool import Tool as OurTool
from .replgym_sandbox import ReplgymSandbox


@tool  # type: ignore[untyped-decorator]
def python_interpreter(stateless: bool = False) -> Tool:
    """Runs cells; variables stay from call to call, and a cell that overruns is interrupted and keeps them.

    Args:
        stateless: Whether the model is told that every cell has a fresh interpreter, as it has in episodes
            whose mode is `stateless`.
    """

    async def execute(code: str) -> str:
        return await _call(PythonInterpreter.name, code=code)

    return _shown(PythonInterpreter(stateless=stateless), execute)


@tool  # type: ignore[untyped-decorator]
def debugger() -> Tool:
    """Debugs a program of the model, which stands still from call to call."""

    async def execute(
        command: str = "",
        program: str | None = None,
        stdin: str | None = None,
        args: list[str] | None = None,
    ) -> str:
        return await _call(Debugger.name, command=command, program=program, stdin=stdin, args=args)

    return _shown(Debugger(), execute)


@tool  # type: ignore[untyped-decorator]
def submit() -> Tool:
    """Hands in a solution; it ends an episode, and other tasks find it in the store of their sample."""

    async def execute(source: str) -> str:
        return await _call(Submit.name, source=source)

    return _shown(Submit(), execute)


async def _call(name: str, **arguments: Any) -> str:
    return await sandbox().as_type(ReplgymSandbox).play.call(name, arguments)  # type: ignore[no-any-return]


def _shown(ours: OurTool, execute: Callable[..., Awaitable[str]]) -> Tool:
    """The tool as the model is told of it."""
    about = {name: str(field.description) for name, field in ours.arguments.model_fields.items()}
    return ToolDef(execute, name=ours.name, description=ours.description, parameters=about).as_tool()
