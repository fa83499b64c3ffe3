"""Repairs of JSON that a model got wrong, where only one reading makes sense.

Every repair is tried on one place of a text and gives the value that was meant and its end, or refuses.
"""

from __future__ import annotations

import ast
import json
import re
import warnings

from .python_source import is_python

_DECODER = json.JSONDecoder(strict=False)
_PIECE = re.compile(r'"(?:\\.|[^"\\])*+("?)|[{}\[\]]|</tool_call>|^[ \t]*+`{3}', re.DOTALL | re.MULTILINE)
_CLOSERS = {"{": "}", "[": "]"}
_MOST_MISSING = 4
_LONGEST_DICT = 20_000
_PARSER_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)


class JsonRepairError(ValueError):
    """This repair does not fit."""


def closed(text: str, start: int) -> tuple[object, int]:
    """Adds the brackets that are missing before a closing tag or fence.

    Where the text just ends, it may have been cut off, and more than brackets may be missing.

    Raises:
        JsonRepairError: If brackets are not all that is missing.
    """
    missing: list[str] = []
    last, end = "", -1
    for piece in _PIECE.finditer(text, start):
        mark = piece[0]
        if mark[0] == '"':
            if not piece[1]:
                raise JsonRepairError("a string has no end")
        elif mark in _CLOSERS:
            missing.append(_CLOSERS[mark])
        elif mark in ("}", "]"):
            if not missing or missing.pop() != mark:
                raise JsonRepairError("brackets do not match")
        else:
            last, end = text[start : piece.start()].rstrip()[-1:], piece.start()
            break
    if last not in ('"', "}", "]") or not 0 < len(missing) <= _MOST_MISSING:
        raise JsonRepairError("no bracket is missing, or too many, or it is not clear where")
    try:
        return _DECODER.decode(text[start:end] + "".join(reversed(missing))), end
    except (ValueError, RecursionError):
        raise JsonRepairError("brackets are not all that is missing") from None


def python_dict(text: str, start: int) -> tuple[object, int]:
    """Reads a Python dict with quotes of its own kind, up to a closing tag, a fence or the end.

    Raises:
        JsonRepairError: If there is none.
    """
    ends = [place for mark in ("</tool_call>", "\n```") if (place := text.find(mark, start)) >= 0]
    end = min(ends, default=len(text))
    source = text[start:end].rstrip()
    if not re.match(r"\{\s*+'", source) or len(source) > _LONGEST_DICT:
        raise JsonRepairError("no Python dict")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(source), start + len(source)
    except _PARSER_FAULTS:
        raise JsonRepairError("no Python dict") from None


def unescaped_code(value: str) -> str | None:
    r"""Code that was escaped once too often: `\n` in place of line breaks; None for any other text.

    It has no line break of its own, is no Python as it stands, and is Python once it has them.
    """
    if "\\n" not in value or "\n" in value or len(value) > _LONGEST_DICT or is_python(value):
        return None
    try:
        code = _DECODER.decode(f'"{value}"') if '"' not in value.replace('\\"', "") else None
    except ValueError:
        code = None
    code = code or value.replace("\\n", "\n").replace("\\t", "\t")
    return code if isinstance(code, str) and is_python(code) else None
