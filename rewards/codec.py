"""Values as bytes and back, for the border between trusted and untrusted processes.

The text is JSON. A JSON object always has one key, which names the type, so every value has one reading. Only
exact built-in types cross: an object of any other class could carry code into a comparison. The standard
library's mappings (`Counter`, `defaultdict`, `OrderedDict`) equal a `dict` and cross as one. Decoding builds
values and calls nothing else.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 100
MAX_NODES = 1_000_000
MAX_BYTES = 16 << 20
_PLAIN_INT_BITS = 64
_MAX_INT_BITS = 1 << 22
_MAPPINGS = (dict, Counter, defaultdict, OrderedDict)


class CodecError(ValueError):
    """A value or a text cannot cross."""


class ValueTooLargeError(CodecError):
    """A value is deeper or larger than the border allows."""


def encode(value: object) -> bytes:
    """Writes a value of built-in types as text.

    Raises:
        CodecError: If a part is of another type.
        ValueTooLargeError: If the value is too deep or too large.
    """
    text = json.dumps(_Encoder().lower(value, 0), separators=(",", ":")).encode()
    if len(text) > MAX_BYTES:
        raise ValueTooLargeError(f"the value has {len(text)} bytes as text; the limit is {MAX_BYTES}")
    return text


def decode(text: bytes) -> Any:
    """Reads what `encode` wrote.

    Raises:
        CodecError: If the text is anything else.
    """
    if len(text) > MAX_BYTES:
        raise ValueTooLargeError(f"the text has {len(text)} bytes; the limit is {MAX_BYTES}")
    try:
        return _Decoder().lift(json.loads(text, object_pairs_hook=_one_key, parse_constant=_refuse), 0)
    except CodecError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise CodecError(f"not a value: {type(error).__name__}") from error


class _Walk:
    """Counts parts and depth."""

    def __init__(self) -> None:
        self._nodes = 0

    def _step(self, depth: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise ValueTooLargeError(f"the value is nested deeper than {MAX_DEPTH}")
        if self._nodes > MAX_NODES:
            raise ValueTooLargeError(f"the value has more than {MAX_NODES} parts")


class _Encoder(_Walk):
    def lower(self, value: Any, depth: int) -> Any:
        self._step(depth)
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return _lower_int(value)
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is str:
            return _lower_str(value)
        if kind is list:
            return self._all(value, depth)
        if kind in _MAPPINGS:
            return {"d": [self._all(pair, depth + 1) for pair in dict.items(value)]}
        tag = _SEQUENCE_TAGS.get(kind)
        if tag is not None:
            return {tag: self._all(value, depth)}
        if kind is bytes:
            return {"b": base64.b64encode(value).decode()}
        if kind is complex:
            return {"c": [repr(value.real), repr(value.imag)]}
        raise CodecError(f"a value of type {kind.__name__} cannot cross; use built-in types")

    def _all(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self.lower(value, depth + 1) for value in values]


class _Decoder(_Walk):
    def lift(self, raw: Any, depth: int) -> Any:
        self._step(depth)
        if type(raw) is list:
            return self._all(raw, depth)
        if type(raw) is not dict:
            return raw
        ((tag, content),) = raw.items()
        if tag in _SCALARS:
            return _SCALARS[tag](content)
        if tag == "d":
            return self._mapping(content, depth)
        collection = _COLLECTIONS.get(tag)
        if collection is None or type(content) is not list:
            raise CodecError("not a value: unknown tag")
        values = collection(self._all(content, depth))
        if len(values) != len(content):
            raise CodecError("not a value: equal elements in a set")
        return values

    def _all(self, raw: list[Any], depth: int) -> list[Any]:
        return [self.lift(part, depth + 1) for part in raw]

    def _mapping(self, content: Any, depth: int) -> dict[Any, Any]:
        if type(content) is not list or any(type(pair) is not list or len(pair) != 2 for pair in content):
            raise CodecError("not a value: malformed mapping")
        values = dict(self._all(pair, depth + 1) for pair in content)
        if len(values) != len(content):
            raise CodecError("not a value: equal keys in a mapping")
        return values


def _lower_int(value: int) -> Any:
    bits = value.bit_length()
    if bits > _MAX_INT_BITS:
        raise ValueTooLargeError(f"an integer has {bits} bits; the limit is {_MAX_INT_BITS}")
    return value if bits <= _PLAIN_INT_BITS else {"i": hex(value)}


def _lower_str(value: str) -> Any:
    # JSON would join two lone surrogates into one character.
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"u": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _lift_int(content: str) -> int:
    if len(content) > _MAX_INT_BITS // 4 + 4:
        raise ValueTooLargeError("an integer is too large")
    return int(content, 16)


def _lift_complex(content: list[str]) -> complex:
    if type(content) is not list:
        raise CodecError("not a value: malformed complex number")
    real, imaginary = content
    return complex(float(real), float(imaginary))


_SEQUENCE_TAGS: dict[type, str] = {tuple: "t", set: "s", frozenset: "z"}
_COLLECTIONS: dict[str, Callable[[list[Any]], Any]] = {"t": tuple, "s": set, "z": frozenset}
_SCALARS: dict[str, Callable[[Any], Any]] = {
    "i": _lift_int,
    "f": lambda content: float(content),
    "u": lambda content: bytes.fromhex(content).decode("utf-8", "surrogatepass"),
    "b": lambda content: base64.b64decode(content, validate=True),
    "c": _lift_complex,
}


def _one_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != 1:
        raise CodecError("not a value: an object must have one key")
    return dict(pairs)


def _refuse(_: str) -> Any:
    raise CodecError("not a value: bare NaN or Infinity")
