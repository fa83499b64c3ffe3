"""The reward rules of known training recipes, each as the weights of a rubric.

Where a published implementation departs from its own rule, the rule is what stands here. X-Coder's manager
gives the rewards of responses without a program to others of their batch, takes the first code block where
the last one is meant, and draws other tests for every response; here each response gets its own reward, and
all of a group meet the same tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ConfigDict, validate_call

from . import reward_functions as functions

Weights = Mapping[str, float | Mapping[str, Any]]
_checked = validate_call(config=ConfigDict(strict=True))


@_checked
def xcoder(*, distilled: bool = True) -> Weights:
    """5 x the share of tests passed, or -2; models that are not distilled gain or lose 1 by their format."""
    return {functions.Execution.name: 1.0} | ({} if distilled else {functions.XCoderFormat.name: 1.0})


@_checked
def code_r1(*, tags: bool = True) -> Weights:
    """-1.1 for a wrong format or no code, 0.1 for a failed test, 1.1 when all pass."""
    return {functions.CodeR1.name: {"weight": 1.0, "tags": tags}}


@_checked
def pass_rate() -> Weights:
    """The share of tests passed, as in VERL-SQA."""
    return {functions.Fraction.name: 1.0}


@_checked
def all_pass() -> Weights:
    """1 when all tests pass, else 0."""
    return {functions.Passed.name: 1.0}


@_checked
def prime(*, continuous: bool = True) -> Weights:
    """1 when all tests pass; else the share of the first ten, or 0 when not continuous."""
    return {functions.Prime.name: {"weight": 1.0, "continuous": continuous}}


@_checked
def dapo(*, limit: int | None = None, buffer: int | None = None, factor: float = 1.0) -> Weights:
    """1 or -1, and up to `factor` less for a response that is nearer to its limit than the buffer."""
    overlong = {"weight": 1.0, "limit": limit, "buffer": buffer, "factor": factor}
    return {functions.RightOrWrong.name: 1.0, functions.Overlong.name: overlong}


@_checked
def retool() -> Weights:
    """1 when all tests pass; else -1 and 0.1 for each round of tool use, at most -0.6."""
    return {functions.ReTool.name: 1.0}


@_checked
def response_format(*, style: Literal["think-answer", "tool-calls"] = "think-answer") -> Weights:
    """Form alone: think and answer tags, or messages with valid tool calls."""
    return {functions.ThinkAnswer.name if style == "think-answer" else functions.ToolCalls.name: 1.0}


PRESETS: Mapping[str, Callable[..., Weights]] = MappingProxyType(
    {
        "all-pass": all_pass,
        "code-r1": code_r1,
        "dapo": dapo,
        "format": response_format,
        "kodcode": code_r1,
        "pass-rate": pass_rate,
        "prime": prime,
        "retool": retool,
        "xcoder": xcoder,
    }
)
"""Name -> what makes its weights from its options."""
