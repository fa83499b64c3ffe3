"""Cells as calls, for the formats in which a message is Python code."""

from __future__ import annotations

from collections.abc import Sequence

from ..python_interpreter import PythonInterpreter
from ..submit import Submit
from ..tool import Tool
from ..tool_call import ToolCall

SUBMIT_HINT = "submit(source) hands in the text of your solution."


def cell_call(code: str) -> ToolCall:
    """The call that runs this cell."""
    return ToolCall(PythonInterpreter.name, {"code": code})


def code_of(call: ToolCall) -> str:
    """The cell that makes this call.

    Raises:
        ValueError: If the tool cannot be called from a cell.
    """
    if call.name == PythonInterpreter.name:
        return str(call.arguments["code"])
    if call.name == Submit.name:
        return f"submit({call.arguments['source']!r})"
    raise ValueError(f"the tool {call.name!r} cannot be called from a cell")


def what_stays(tools: Sequence[Tool]) -> str:
    """What stays from cell to cell, in half a sentence; empty when no cell runs."""
    return next((tool.what_stays for tool in tools if isinstance(tool, PythonInterpreter)), "")
