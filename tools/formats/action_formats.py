"""The action formats by name."""

from __future__ import annotations

from .action_parser import ActionParser
from .auto_parser import AutoParser
from .code_parser import CodeParser
from .fenced_parser import FencedParser
from .hermes_parser import HermesParser
from .json_parser import JsonParser
from .native_parser import NativeParser
from .xml_parser import XmlParser

ACTION_FORMATS: tuple[str, ...] = ("auto", "code", "fenced", "hermes", "json", "native", "xml")
_CALLS = 16
"""Calls of one message, in formats whose models make several at once."""


class UnknownActionFormatError(ValueError):
    """No action format has this name; the message names those that exist."""


def make_parser(name: str, calls_per_message: int | None = None, *, answer_mark: str = "") -> ActionParser:
    """The parser of a format.

    Args:
        name: One of `ACTION_FORMATS`.
        calls_per_message: The most calls of one message that are carried out, and with that where generation
            stops: at the end of the first call, or where an output would be invented. None for what the
            format's models do: one cell, but up to 16 calls in tags or JSON.
        answer_mark: A text from which on a message is an answer and holds no call.

    Raises:
        UnknownActionFormatError: If no format has this name.
    """
    most = calls_per_message
    match name:
        case "auto":
            return AutoParser(most, answer_mark)
        case "code":
            return CodeParser()
        case "fenced":
            return FencedParser(most or 1, answer_mark)
        case "hermes":
            return HermesParser(most or _CALLS, answer_mark)
        case "json":
            return JsonParser(most or _CALLS, answer_mark, one_block=most in (None, 1))
        case "native":
            return NativeParser(most or _CALLS, answer_mark)
        case "xml":
            return XmlParser(most or _CALLS, answer_mark)
    raise UnknownActionFormatError(f"unknown action format {name!r}; use one of: {', '.join(ACTION_FORMATS)}")
