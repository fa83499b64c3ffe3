"""The tools of an environment, by name: what the model is told of, and what its calls reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from .debugger.debugger_tool import Debugger
from .interpreter_session import InterpreterSession
from .python_interpreter import PythonInterpreter
from .submit import Submit
from .tool import Observation, Tool, openai_schema
from .tool_call import ToolCall
from .tool_mode import ToolMode
from .turned_off_interpreter import TurnedOffInterpreter
from .typed_arguments import typed_arguments

_MOST_FAULTS = 3
TOOL_NAMES = ToolMode.DEBUGGER.tools


class Toolbox:
    """The tools that are on, and the stand-in for an interpreter that is off."""

    def __init__(
        self,
        names: Sequence[str] | None = None,
        *,
        mode: ToolMode = ToolMode.STATEFUL,
        observation_limit: int = 4000,
    ) -> None:
        """Makes the named tools.

        Args:
            names: Some of the mode's tools; all of them by default.
            mode: What they are to be like.
            observation_limit: The most characters of an observation.
        """
        interpreter = PythonInterpreter(observation_limit, stateless=mode is ToolMode.STATELESS)
        known: tuple[Tool, ...] = (interpreter, Debugger(observation_limit), Submit())
        made = {tool.name: tool for tool in known}
        self.tools: tuple[Tool, ...] = tuple(made[name] for name in (mode.tools if names is None else names))
        """The tools that a model is told of."""
        stand_in: dict[str, Tool] = {PythonInterpreter.name: TurnedOffInterpreter()}
        self._by_name = stand_in | {tool.name: tool for tool in self.tools}

    @property
    def has_interpreter(self) -> bool:
        """Whether cells run."""
        return any(tool.name == PythonInterpreter.name for tool in self.tools)

    def schemas(self) -> list[dict[str, Any]]:
        """The tools in the form of the chat-completions API."""
        return [openai_schema(tool) for tool in self.tools]

    async def carry_out(self, call: ToolCall, session: InterpreterSession) -> Observation:
        """Carries a call out; an unknown tool or wrong arguments are told to the model.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        tool = self._by_name.get(call.name)
        if tool is None:
            names = ", ".join(tool.name for tool in self.tools)
            return Observation(f"there is no tool {call.name[:100]!r}; use one of: {names}", refused=True)
        try:
            arguments = tool.arguments.model_validate(typed_arguments(tool, call.arguments))
        except ValidationError as error:
            return Observation(_told(tool, error), refused=True)
        return await tool(session, arguments)


def _told(tool: Tool, error: ValidationError) -> str:
    """What is wrong with the arguments, in one line."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = "; ".join(
        f"argument {'.'.join(map(str, fault['loc']))[:100]!r}: {fault['msg']}"
        for fault in faults[:_MOST_FAULTS]
    )
    return f"{tool.name}: {wrong}; it takes: {', '.join(tool.arguments.model_fields)}"
