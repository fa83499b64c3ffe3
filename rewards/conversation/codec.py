"""Values as bytes and back, for the border between trusted and untrusted processes.

The text is JSON. A JSON object always has one key, which names the type, so every value has one reading. Only
values of exact, known types cross: an object of any other class could carry code into a comparison. What else
may cross, and how, is the business of a `Border`. Decoding builds values and calls nothing else.

Lists, mappings, sets and the objects of a `Border` are *shared*: what one message names by a number is the
same object in the answer, so that changes of an argument find their way back.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from . import extended_types

MAX_DEPTH = 100
MAX_NODES = 3_000_000
MAX_BYTES = 32 << 20
_MAX_SHARED = 20_000
_PLAIN_INT_BITS = 64
_MAX_INT_BITS = 1 << 22


class CodecError(ValueError):
    """A value or a text cannot cross."""


class ValueTooLargeError(CodecError):
    """A value is deeper or larger than the border allows."""


class Border(Protocol):
    """What one side does with values that are not plain."""

    def lower(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        """Describes a value by JSON values; raises `CodecError` if it must not cross."""
        ...

    def lift(self, content: Any, inner: Callable[[Any], Any]) -> Any:
        """Makes a value from its description; raises `CodecError` if it is none."""
        ...

    def state(self, value: Any) -> tuple[str, dict[str, Any]] | None:
        """The class name and attributes of an object that crosses by value; None for all others."""
        ...

    def make(self, name: str) -> Any:
        """A new object of a class whose objects cross by value; raises `CodecError` if there is none."""
        ...


def encode(value: object) -> bytes:
    """Writes a value of plain types as text.

    Raises:
        CodecError: If a part is of another type.
        ValueTooLargeError: If the value is too deep or too large.
    """
    return Encoder().encode(value)


def decode(text: bytes) -> Any:
    """Reads what `encode` wrote.

    Raises:
        CodecError: If the text is anything else.
    """
    return Decoder().decode(text)


class _Walk:
    """Counts parts and depth."""

    def __init__(self, border: Border | None, shared: list[Any] | None, *, numbered: bool) -> None:
        self._border = border
        self.shared: list[Any] = [] if shared is None else shared
        """Objects with a number, in the order of their first appearance."""
        self._numbered = numbered
        self._nodes = 0

    def _step(self, depth: int, count: int = 1) -> None:
        self._nodes += count
        if depth > MAX_DEPTH:
            raise ValueTooLargeError(f"the value is nested deeper than {MAX_DEPTH}")
        if self._nodes > MAX_NODES:
            raise ValueTooLargeError(f"the value has more than {MAX_NODES} parts")

    def _takes_number(self) -> bool:
        return self._numbered and len(self.shared) < _MAX_SHARED


class Encoder(_Walk):
    """Writes one message."""

    def __init__(
        self, border: Border | None = None, shared: list[Any] | None = None, *, numbered: bool = False
    ) -> None:
        """Prepares a message.

        Args:
            border: What happens to values that are not plain; without one they are refused.
            shared: Objects that have numbers already.
            numbered: Whether the containers of this message get numbers.
        """
        super().__init__(border, shared, numbered=numbered)
        self._numbers = {id(value): number for number, value in enumerate(self.shared)}
        self._states: list[Any] = []
        self._waiting: deque[dict[str, Any]] = deque()

    def encode(self, value: object) -> bytes:
        """Writes the message."""
        lowered = self.lower(value, 0)
        while self._waiting:
            state = self._waiting.popleft()
            self._states.append([[name, self.lower(part, 0)] for name, part in state.items()])
        if self._states:
            lowered = {"!": [lowered, self._states]}
        text = _WRITER.encode(lowered).encode()
        if len(text) > MAX_BYTES:
            raise ValueTooLargeError(f"the value has {len(text)} bytes as text; the limit is {MAX_BYTES}")
        return text

    def lower(self, value: Any, depth: int) -> Any:
        """Describes one value by JSON values."""
        kind = type(value)
        if (kind is str and value.isascii()) or kind is bool or value is None:
            self._nodes += 1
            return value
        self._step(depth)
        if kind is int:
            return _lower_int(value)
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is str:
            return _lower_str(value)
        if kind in _SHARED_TYPES:
            number = self._numbers.get(id(value))
            if number is not None:
                return {"a": number}
            if self._takes_number():
                self._number(value)
            return self._container(value, depth)
        if kind is tuple or kind is set or kind is frozenset:
            return {_SEQUENCE_TAGS[kind]: self._all(value, depth)}
        return self._other(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is list:
            return self._all(value, depth)
        if kind is set:
            return {"s": self._all(value, depth)}
        if kind is deque:
            return {"q": [value.maxlen, self._all(value, depth)]}
        if kind is bytearray:
            return {"y": base64.b64encode(value).decode()}
        pairs = [[self.lower(key, depth + 2), self.lower(part, depth + 2)] for key, part in value.items()]
        if kind is defaultdict:
            return {"D": [extended_types.factory_name(value.default_factory), pairs]}
        return {_MAPPING_TAGS[kind]: pairs}

    def _other(self, value: Any, depth: int) -> Any:
        if type(value) is bytes:
            return {"b": base64.b64encode(value).decode()}
        described = extended_types.lower(value)
        if described is not None:
            tag, content = described
            return {tag: self.lower(content, depth + 1)}
        if self._border is None:
            raise CodecError(f"a value of type {type(value).__name__} cannot cross; use built-in types")
        number = self._numbers.get(id(value))
        if number is not None:
            return {"a": number}
        state = self._border.state(value)
        if state is not None:
            self._waiting.append(state[1])
            return {"o": [self._number(value), state[0]]}
        return {"x": self._border.lower(value, lambda part: self.lower(part, depth + 2))}

    def _number(self, value: Any) -> int:
        number = self._numbers[id(value)] = len(self.shared)
        self.shared.append(value)
        return number

    def _all(self, values: Any, depth: int) -> list[Any]:
        if _is_simple(values):
            self._step(depth + 1, len(values))
            return list(values)
        deeper = depth + 1
        return [self.lower(value, deeper) for value in values]


class Decoder(_Walk):
    """Reads one message."""

    def __init__(
        self, border: Border | None = None, shared: list[Any] | None = None, *, numbered: bool = False
    ) -> None:
        """Prepares for a message; the arguments are those of its `Encoder`, on the other side."""
        super().__init__(border, shared, numbered=numbered)
        self._instances: list[Any] = []

    def decode(self, text: bytes) -> Any:
        """Reads the message."""
        if len(text) > MAX_BYTES:
            raise ValueTooLargeError(f"the text has {len(text)} bytes; the limit is {MAX_BYTES}")
        try:
            raw = _READER.decode(text.decode())
            states = []
            if type(raw) is dict and "!" in raw:
                raw, states = raw["!"]
            value = self.lift(raw, 0)
            for number, state in enumerate(states):
                attributes = {_name(name): self.lift(part, 0) for name, part in state}
                extended_types.restore(self._instances[number], attributes)
            if len(states) != len(self._instances):
                raise CodecError("not a value: objects without attributes")
            return value
        except CodecError:
            raise
        except MemoryError as error:
            raise ValueTooLargeError("the value does not fit in memory") from error
        except _MALFORMED as error:
            raise CodecError(f"not a value: {type(error).__name__}") from error

    def lift(self, raw: Any, depth: int) -> Any:
        """Makes one value."""
        self._step(depth)
        if type(raw) is list:
            return self._fill([], raw, depth)
        if type(raw) is not dict:
            return raw
        ((tag, content),) = raw.items()
        if tag in _SCALARS:
            return _SCALARS[tag](content)
        if tag == "a":
            return self.shared[_index(content)]
        if tag in _MAPPINGS:
            return self._mapping(_MAPPINGS[tag](), content, depth)
        if tag in _COLLECTIONS:
            return self._collection(tag, content, depth)
        if tag == "q":
            return self._fill(deque(maxlen=content[0]), content[1], depth)
        if tag == "y":
            values = bytearray(base64.b64decode(content, validate=True))
            if self._takes_number():
                self.shared.append(values)
            return values
        if tag == "D":
            return self._mapping(defaultdict(extended_types.factory(content[0])), content[1], depth)
        if tag in extended_types.TAGS:
            return extended_types.lift(tag, self.lift(content, depth + 1))
        return self._foreign(tag, content, depth)

    def _foreign(self, tag: str, content: Any, depth: int) -> Any:
        if self._border is None:
            raise CodecError("not a value: unknown tag")
        if tag == "x":
            return self._border.lift(content, lambda part: self.lift(part, depth + 2))
        if tag != "o" or content[0] != len(self.shared):
            raise CodecError("not a value: unknown tag")
        value = self._border.make(_name(content[1]))
        self.shared.append(value)
        self._instances.append(value)
        return value

    def _fill(self, values: Any, raw: Any, depth: int) -> Any:
        """Fills a list or deque; it gets its number before its parts, which may refer to it."""
        if type(raw) is not list:
            raise CodecError("not a value: malformed sequence")
        if self._takes_number():
            self.shared.append(values)
        if not any(map(_COMPOSITE.__contains__, map(type, raw))):
            self._step(depth + 1, len(raw))
            values.extend(raw)
        else:
            values.extend([self.lift(part, depth + 1) for part in raw])
        return values

    def _collection(self, tag: str, content: Any, depth: int) -> Any:
        if type(content) is not list:
            raise CodecError("not a value: unknown tag")
        place = len(self.shared) if tag == "s" and self._takes_number() else None
        if place is not None:
            self.shared.append(None)
        values = _COLLECTIONS[tag]([self.lift(part, depth + 1) for part in content])
        if len(values) != len(content):
            raise CodecError("not a value: equal elements in a set")
        if place is not None:
            self.shared[place] = values
        return values

    def _mapping(self, values: Any, content: Any, depth: int) -> Any:
        if type(content) is not list or any(type(pair) is not list or len(pair) != 2 for pair in content):
            raise CodecError("not a value: malformed mapping")
        if self._takes_number():
            self.shared.append(values)
        for key, part in content:
            values[self.lift(key, depth + 2)] = self.lift(part, depth + 2)
        if len(values) != len(content):
            raise CodecError("not a value: equal keys in a mapping")
        return values


def _is_simple(values: Any) -> bool:
    """Whether all parts are one kind of scalar that JSON writes as it is."""
    kinds = set(map(type, values))
    if len(kinds) != 1:
        return False
    (kind,) = kinds
    if kind is int:
        return bool(min(values) > -(1 << _PLAIN_INT_BITS) and max(values) < 1 << _PLAIN_INT_BITS)
    if kind is float:
        return all(map(math.isfinite, values))
    if kind is str:
        return all(map(str.isascii, values))
    return kind is bool or kind is type(None)


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


def _index(content: Any) -> int:
    if type(content) is not int or content < 0:
        raise CodecError("not a value: malformed number of an object")
    return content


def _name(content: Any) -> str:
    if type(content) is not str or not content.isidentifier():
        raise CodecError("not a value: malformed name")
    return content


_SHARED_TYPES = frozenset({list, dict, set, deque, bytearray, Counter, OrderedDict, defaultdict})
_COMPOSITE = frozenset({list, dict})
_SEQUENCE_TAGS: dict[type, str] = {tuple: "t", set: "s", frozenset: "z"}
_COLLECTIONS: dict[str, Callable[[Iterable[Any]], Any]] = {"t": tuple, "s": set, "z": frozenset}
_MAPPING_TAGS: dict[type, str] = {dict: "d", Counter: "C", OrderedDict: "O"}
_MAPPINGS: dict[str, Callable[[], Any]] = {"d": dict, "C": Counter, "O": OrderedDict}
_SCALARS: dict[str, Callable[[Any], Any]] = {
    "i": _lift_int,
    "f": lambda content: float(content),
    "u": lambda content: bytes.fromhex(content).decode("utf-8", "surrogatepass"),
    "b": lambda content: base64.b64decode(content, validate=True),
}


def _one_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != 1:
        raise CodecError("not a value: an object must have one key")
    return dict(pairs)


def _refuse(_: str) -> Any:
    raise CodecError("not a value: bare NaN or Infinity")


_MALFORMED = (ValueError, TypeError, ArithmeticError, RecursionError, LookupError, AttributeError, re.error)
_WRITER = json.JSONEncoder(separators=(",", ":"))
_READER = json.JSONDecoder(object_pairs_hook=_one_key, parse_constant=_refuse)
