"""What a model may call, and how its text is read."""

from .formats.action_formats import ACTION_FORMATS, UnknownActionFormatError, make_parser
from .formats.action_parser import ActionParser
from .host_function import HostFunction
from .interpreter_lender import InterpreterLender
from .interpreter_session import CellRun, InterpreterSession, SubmissionError
from .tool import Observation, Tool, openai_schema
from .tool_call import ParsedAction, ToolCall
from .tool_mode import ToolMode
from .toolbox import TOOL_NAMES, Toolbox

__all__ = [
    "ACTION_FORMATS",
    "TOOL_NAMES",
    "ActionParser",
    "CellRun",
    "HostFunction",
    "InterpreterLender",
    "InterpreterSession",
    "Observation",
    "ParsedAction",
    "SubmissionError",
    "Tool",
    "ToolCall",
    "ToolMode",
    "Toolbox",
    "UnknownActionFormatError",
    "make_parser",
    "openai_schema",
]
