"""Values as the reader of a debugger sees them: short, on one line, and whatever their own code does.

A `__repr__` runs for a limited time, and its faults are shown in its place. Whether a value has changed is
found out without running any code of its class.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import reprlib
import time
from collections import deque
from collections.abc import Hashable
from typing import Any

from .alarm import Alarm, Overrun

_SECONDS = 1.0
"""For all values of one report."""
_LEAST = 0.01
_NODES, _DEPTH, _ENDS = 2000, 5, 100
_ADDRESS = re.compile(r" at 0x[0-9a-f]{6,16}(?=>)")
_PLAIN = (int, bool, complex, bytes, type(None))


class ValueText:
    """Writes values; the time for a report begins with `renew`."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._short, self._long = _Repr(8, 60, 4), _Repr(200, 1800, 8)
        self._left = _SECONDS

    def renew(self) -> None:
        """Gives the next report its time."""
        self._left = _SECONDS

    def short(self, value: object, width: int = 90) -> str:
        """The value on one line."""
        return cut(" ".join(self._shown(self._short, value).split("\n")), width)

    def long(self, value: object, width: int = 2000) -> str:
        """The value, much more of it."""
        return cut(self._shown(self._long, value), width)

    def _shown(self, shape: _Repr, value: object) -> str:
        name = type(value).__name__
        begin = time.monotonic()
        try:
            with self._alarm.limit(max(self._left, _LEAST)):
                return _ADDRESS.sub("", encodable(shape.repr(value)))
        except Overrun:
            return f"<{name} object; its __repr__ does not end>"
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - foreign code behind repr()
            return f"<{name} object; its __repr__ raised {type(error).__name__}>"
        finally:
            self._left -= time.monotonic() - begin


class _Repr(reprlib.Repr):
    def __init__(self, items: int, characters: int, levels: int) -> None:
        super().__init__()
        self.maxlevel = levels
        self.maxtuple = self.maxlist = self.maxarray = self.maxdict = items
        self.maxset = self.maxfrozenset = self.maxdeque = items
        self.maxstring = self.maxlong = characters
        self.maxother = max(characters, 200)

    def repr_instance(self, x: object, level: int) -> str:
        """Shows the attributes of an object that has no text of its own."""
        name = type(x).__name__
        if type(x).__repr__ is not object.__repr__:
            try:
                return cut(repr(x), self.maxother)
            except Exception as error:  # noqa: BLE001 - foreign code behind repr()
                return f"<{name} object; its __repr__ raised {type(error).__name__}>"
        attributes = _attributes(x)
        if not attributes or level <= 0:
            return f"<{name}>"
        shown = [
            f"{key}={self.repr1(value, level - 1)}" for key, value in itertools.islice(attributes.items(), 8)
        ]
        return f"<{name} {' '.join(shown)}{' …' if len(attributes) > 8 else ''}>"

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 10_000:
            return f"<int of {x.bit_length()} bits>"
        return super().repr_int(x, level)


def cut(text: str, limit: int) -> str:
    """The text within about `limit` characters; the cut is counted."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - limit // 4]}…[{len(text) - limit} cut]…{text[len(text) - limit // 4 :]}"


def encodable(text: str) -> str:
    """The text, with lone surrogates escaped."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def fingerprint(value: object) -> Hashable:
    """Something that is equal as long as the value is unchanged, as far as a bounded look at it can tell."""
    return _print(value, [_NODES], _DEPTH)


def _print(value: Any, nodes: list[int], depth: int) -> Hashable:
    nodes[0] -= 1
    kind = type(value)
    if kind in _PLAIN:
        return (kind, value)
    if kind is float:
        return (kind, repr(value))
    if isinstance(value, str):
        return (kind, len(value), str.__hash__(value))
    if depth == 0 or nodes[0] <= 0:
        return (kind, id(value))
    inner = depth - 1
    if isinstance(value, dict):
        items = _ends(dict.items(value), len(value))
        return (kind, len(value), tuple((_print(k, nodes, inner), _print(v, nodes, inner)) for k, v in items))
    every: Any = next((base for base in (list, tuple, deque) if isinstance(value, base)), None)
    if every is not None:
        size = every.__len__(value)
        return (kind, size, tuple(_print(v, nodes, inner) for v in _ends(every.__iter__(value), size)))
    if isinstance(value, set | frozenset):
        return (kind, len(value), frozenset(_print(v, nodes, inner) for v in itertools.islice(value, _ENDS)))
    return (kind, id(value), _content(value, nodes, inner))


def _content(value: Any, nodes: list[int], depth: int) -> Hashable:
    """The attributes of an object, or the bytes of a buffer."""
    try:
        with memoryview(value) as view:
            return hash(view.tobytes()) if view.nbytes < 1 << 20 else None
    except (TypeError, ValueError, BufferError):
        pass
    return _print(_attributes(value), nodes, depth)


def _attributes(value: object) -> dict[str, Any]:
    """What an object holds, without asking its class."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        held = None
    attributes: dict[str, Any] = dict(held) if type(held) is dict else {}
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots if isinstance(slots, list | tuple) else ():
            with contextlib.suppress(AttributeError, TypeError):
                attributes[name] = object.__getattribute__(value, name)
    return attributes


def _ends(items: Any, size: int) -> list[Any]:
    """The first and the last items."""
    if size <= 2 * _ENDS:
        return list(items)
    iterator = iter(items)
    first = list(itertools.islice(iterator, _ENDS))
    return first + list(itertools.islice(iterator, size - 2 * _ENDS, None))
