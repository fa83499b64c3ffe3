"""Calls written as JSON: `{"name": ..., "arguments": {...}}`, one, several or a list; never trusted.

What is mended is unambiguous, and is reported: braces that are doubled, missing at the end or one too many,
a Python dict, and code whose line breaks were escaped twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..tool_call import ToolCall
from ..well_formed import well_formed
from .call_syntax import MalformedCallError, NotACallError, ReadCalls, past_space
from .json_repair import JsonRepairError, closed, python_dict, unescaped_code

SHAPE = '{"name": "...", "arguments": {...}}'
_DECODER = json.JSONDecoder(strict=False)
_DOUBLED = re.compile(r"\s*+\{(?=\s*+\{)")
_EXTRA = re.compile(r"(?:\s*+[}\]]){1,3}+")
_NEXT = re.compile(r"\s*+,?\s*+(?=(?:\{\s*+)++\"(?:name|type|function|id|arguments)\")")
_MOST = 64
"""Calls that are read at one place."""


def read_json_calls(text: str, start: int, *, tagged: bool) -> ReadCalls:
    """Reads the calls that begin at or after `start`.

    Args:
        text: The message.
        start: Where white space and then JSON begins.
        tagged: Whether a tag says that a call is meant; what has no name and arguments is none otherwise.

    Raises:
        MalformedCallError: If there is no call at that place.
    """
    calls: list[ToolCall] = []
    notes: list[str] = []
    end, following = start, start
    while len(calls) < _MOST:
        try:
            value, read = _value_at(text, following, notes)
            calls += [_call_of(item, tagged, notes) for item in _items(value)]
        except NotACallError:
            if not calls:
                raise
            break
        end = read
        another = _NEXT.match(text, end)
        if another is None:
            break
        following = another.end()
    return ReadCalls(tuple(calls), end, ", ".join(dict.fromkeys(notes)))


def read_arguments(text: str) -> Mapping[str, Any]:
    """The arguments in a text of JSON; none where it is empty.

    Raises:
        MalformedCallError: If they are no JSON object.
    """
    return _arguments(text or {}, [])


def render_json_call(call: ToolCall) -> str:
    """The call as JSON on one line."""
    value: dict[str, Any] = {"name": call.name, "arguments": dict(call.arguments)}
    return json.dumps(value, ensure_ascii=False)


def _value_at(text: str, start: int, notes: list[str]) -> tuple[object, int]:
    doubled = _DOUBLED.match(text, start)
    if doubled is not None:
        notes.append("doubled braces")
    begin = past_space(text, doubled.end() if doubled else start)
    try:
        value, end = _DECODER.raw_decode(text, begin)
    except json.JSONDecodeError as error:
        value, end = _mended(text, begin, error, notes)
    except (ValueError, RecursionError):
        raise MalformedCallError("the call is not valid JSON (too deep or too long)") from None
    extra = _EXTRA.match(text, end)
    if extra is None:
        return value, end
    if doubled is None:
        notes.append("a brace too many")
    return value, extra.end()


def _mended(text: str, begin: int, error: json.JSONDecodeError, notes: list[str]) -> tuple[object, int]:
    for mend, note in ((closed, "missing braces"), (python_dict, "a Python dict for JSON")):
        try:
            value, end = mend(text, begin)
        except JsonRepairError:
            continue
        if not all(_has_name(item) for item in _items(value)):
            continue
        notes.append(note)
        return value, end
    near = text[max(begin, error.pos - 15) : error.pos + 15]
    told = f"the call is not valid JSON ({error.msg}, character {error.pos - begin}"
    raise MalformedCallError(f"{told}, near {near!r})" if near else f"{told})")


def _has_name(value: object) -> bool:
    return isinstance(value, dict) and ("function" in value or isinstance(value.get("name"), str))


def _items(value: object) -> Iterator[object]:
    """The calls in a value: itself, the entries of a list, or those under the key `tool_calls`."""
    match value:
        case {"tool_calls": [_, *_] as items} | ([_, *_] as items):
            yield from items[:_MOST]
        case _:
            yield value


def _call_of(value: object, tagged: bool, notes: list[str]) -> ToolCall:
    refused = MalformedCallError if tagged else NotACallError
    match value:
        case {"function": {"name": _} as function, **rest}:
            value = {"id": rest.get("id", ""), **function}
    if not isinstance(value, dict):
        raise refused(f"the call must be a JSON object {SHAPE}")
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise refused(f'the call has no "name"; write {SHAPE}')
    key = next((key for key in ("arguments", "parameters") if key in value), None)
    if key is None and not tagged:
        raise refused(f'the call has no "arguments"; write {SHAPE}')
    identity = value.get("id")
    arguments = _arguments(value.get(key or "", {}), notes)
    return ToolCall(name, arguments, identity if isinstance(identity, str) else "")


def _arguments(value: object, notes: list[str]) -> Mapping[str, Any]:
    arguments = _decoded(value)
    if not isinstance(arguments, dict):
        raise MalformedCallError(f'"arguments" must be a JSON object; write {SHAPE}')
    return _readable(arguments, notes)


def _decoded(arguments: object) -> object:
    """Arguments given as a string of JSON, as the chat-completions API does, or as a string of that."""
    for _ in range(2):
        if isinstance(arguments, str):
            try:
                arguments = _DECODER.decode(arguments)
            except (ValueError, RecursionError):
                return None
    return arguments


def _readable(arguments: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The arguments without lone surrogates, and with line breaks in code that has none."""
    mended = dict(arguments)
    for key, value in arguments.items():
        if not isinstance(value, str):
            continue
        mended[key] = well_formed(value)
        code = unescaped_code(value)
        if code is not None:
            notes.append(f"escaped line breaks in {key[:40]!r}")
            mended[key] = code
    return mended
