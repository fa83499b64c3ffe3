"""What a model may call: a name, a description, checked arguments, and what it does in an episode."""

from __future__ import annotations

import functools
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from ..kernels.cell_result import CellResult
from .interpreter_session import InterpreterSession


@dataclass(frozen=True, slots=True)
class Observation:
    """What one tool call gave."""

    text: str
    """What the model is told, not yet in the words of an action format."""
    code: str = ""
    """The cell that ran; empty for tools that run none."""
    result: CellResult | None = None
    host_calls: int = 0
    """Calls of host functions that the cell made."""
    refused: bool = False
    """Whether it was not carried out: no such tool, wrong arguments, or nothing that can be handed in."""


class Tool(Protocol):
    """One tool."""

    @property
    def name(self) -> str:
        """What the model calls it."""
        ...

    @property
    def description(self) -> str:
        """One sentence for the model."""
        ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The model of its arguments."""
        ...

    async def __call__(self, session: InterpreterSession, arguments: BaseModel) -> Observation:
        """Carries the call out.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        ...


def openai_schema(tool: Tool) -> dict[str, Any]:
    """The tool in the form of the chat-completions API."""
    parameters = deepcopy(_parameters(tool.arguments))
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


@functools.cache
def _parameters(arguments: type[BaseModel]) -> dict[str, Any]:
    """The schema of the arguments, which pydantic takes a millisecond to make."""
    schema = arguments.model_json_schema()
    properties = {
        name: {key: value for key, value in about.items() if key != "title"}
        for name, about in schema["properties"].items()
    }
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}
