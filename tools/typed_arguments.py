"""Arguments that a protocol carries as text, in the types that a tool wants.

XML calls, and models that put quotes around everything, give `"3"` where a number is wanted. A text is read
as JSON only where the tool takes no text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from .tool import Tool


def typed_arguments(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with texts read where the tool takes none; what is no JSON stays for its check."""
    fields = tool.arguments.model_fields
    return {
        key: _read(value)
        if isinstance(value, str) and key in fields and not _takes_text(fields[key].annotation)
        else value
        for key, value in arguments.items()
    }


def _takes_text(annotation: object) -> bool:
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return any(_takes_text(option) for option in get_args(annotation))
    return annotation in (str, Any)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()
