"""The reward functions that every rubric knows, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from ..reward import Reward
from .code_r1 import CodeR1
from .execution import Execution
from .outcomes import Fraction, Passed, RightOrWrong, Submitted
from .overlong import Overlong
from .prime import Prime
from .response_format import ThinkAnswer, ToolCalls, XCoderFormat
from .retool import ReTool
from .void_turns import VoidTurns

__all__ = [
    "REWARDS",
    "CodeR1",
    "Execution",
    "Fraction",
    "Overlong",
    "Passed",
    "Prime",
    "ReTool",
    "RightOrWrong",
    "Submitted",
    "ThinkAnswer",
    "ToolCalls",
    "VoidTurns",
    "XCoderFormat",
]

_KNOWN: tuple[type[Reward], ...] = (
    CodeR1,
    Execution,
    Fraction,
    Overlong,
    Passed,
    Prime,
    ReTool,
    RightOrWrong,
    Submitted,
    ThinkAnswer,
    ToolCalls,
    VoidTurns,
    XCoderFormat,
)
REWARDS: Mapping[str, type[Reward]] = MappingProxyType({kind.name: kind for kind in _KNOWN})
"""Name -> the reward and its options."""
