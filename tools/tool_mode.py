"""What a model has beside its own head: the four modes that runs are compared in.

A mode says which tools there are and what stays from cell to cell; everything else of an episode, its tasks,
seeds and budgets, is the same in all of them. A list of tools can only take away from its mode.
"""

from __future__ import annotations

from enum import StrEnum

from .debugger.debugger_tool import Debugger
from .python_interpreter import PythonInterpreter
from .submit import Submit


class ToolMode(StrEnum):
    """What runs for a model."""

    NO_TOOL = "no-tool"
    """Nothing: it can only hand a solution in."""
    STATELESS = "stateless"
    """Cells, each in a fresh interpreter: variables, imports, files and threads go with their cell."""
    STATEFUL = "stateful"
    """Cells in one interpreter for the episode."""
    DEBUGGER = "debugger"
    """Cells in one interpreter, and a debugger; cells may wait for input."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of its tools."""
        if self is ToolMode.NO_TOOL:
            return (Submit.name,)
        if self is ToolMode.DEBUGGER:
            return (PythonInterpreter.name, Debugger.name, Submit.name)
        return (PythonInterpreter.name, Submit.name)
