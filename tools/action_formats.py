"""The action formats by name."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from .action_parser import ActionParser
from .auto_parser import AutoParser
from .code_parser import CodeParser
from .fenced_parser import FencedParser
from .hermes_parser import HermesParser
from .json_parser import JsonParser

_PARSERS: MappingProxyType[str, Callable[[], ActionParser]] = MappingProxyType(
    {
        "auto": AutoParser,
        "code": CodeParser,
        "fenced": FencedParser,
        "hermes": HermesParser,
        "json": JsonParser,
    }
)
ACTION_FORMATS: tuple[str, ...] = tuple(sorted(_PARSERS))


class UnknownActionFormatError(ValueError):
    """No action format has this name; the message names those that exist."""


def make_parser(name: str) -> ActionParser:
    """The parser of a format.

    Raises:
        UnknownActionFormatError: If no format has this name.
    """
    parser = _PARSERS.get(name)
    if parser is None:
        raise UnknownActionFormatError(
            f"unknown action format {name!r}; use one of: {', '.join(ACTION_FORMATS)}"
        )
    return parser()
