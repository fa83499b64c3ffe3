"""The special methods of stand-ins: which operation asks the submission, and which does not.

See `remote_objects` for the rule that they follow.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from .remote_object import RemoteObject, count, handle_of, is_remote, returned, truth
from .special_methods import ARITHMETIC, COMPARISONS, NUMBERS, SPECIAL_METHODS


def _decides(value: RemoteObject, other: object) -> bool:
    return is_remote(other) or handle_of(value).decides


def _compare(self: RemoteObject, name: str, other: object) -> Any:
    if not _decides(self, other):
        return NotImplemented
    return truth(handle_of(self).do("special", self, name, other))


def _comparison(name: str) -> Callable[..., Any]:
    return lambda self, other: _compare(self, name, other)


def _arithmetic(name: str) -> Callable[..., Any]:
    def method(self: RemoteObject, *others: Any) -> Any:
        handle = handle_of(self)
        decided = handle.decides
        decides = all(_decides(self, other) for other in others)
        value = handle.do("special", self, name, *others)
        if value is NotImplemented:
            return value
        if is_remote(value) and not isinstance(value, BaseException):
            made = handle_of(value)
            made.decides = decided and decides and (made.fresh or value is self)
            made.mixed = handle.mixed or not decides
            return value
        if not decides or handle.mixed:
            raise TypeError(f"a {type(self).__name__!r} object is no number in this place")
        return value

    return method


def _number(name: str) -> Callable[..., Any]:
    def method(self: RemoteObject, *args: Any) -> Any:
        if handle_of(self).mixed:
            raise TypeError(f"a {type(self).__name__!r} object is no number in this place")
        value = handle_of(self).do("special", self, name, *args)
        return truth(value) if name == "__bool__" else value

    return method


def _contains(self: RemoteObject, item: Any) -> bool:
    if _decides(self, item):
        return bool(handle_of(self).do("special", self, "__contains__", item) is True)
    if not hasattr(type(self), "__iter__"):
        raise TypeError(f"argument of type {type(self).__name__!r} is not iterable in this place")
    return any(part is item or part == item for part in iter(self))


def _call(self: RemoteObject, *args: Any, **kwargs: Any) -> Any:
    return returned(handle_of(self).do("call", self, *args, **kwargs))


def _await(self: RemoteObject) -> Generator[Any, Any, Any]:
    yield from ()
    result: Any = returned(handle_of(self).do("await", self))
    return result


def _asynchronous(name: str) -> Callable[..., Any]:
    async def method(self: RemoteObject, *args: Any) -> Any:
        awaitable = handle_of(self).do("special", self, name, *args)
        return handle_of(awaitable).do("await", awaitable)

    return method


def _plain_forward(name: str) -> Callable[..., Any]:
    return lambda self, *args: handle_of(self).do("special", self, name, *args)


def _forwarded() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for name in SPECIAL_METHODS:
        if name in COMPARISONS:
            found[name] = _comparison(name)
        elif name in ARITHMETIC:
            found[name] = _arithmetic(name)
        elif name in NUMBERS:
            found[name] = _number(name)
        elif name in ("__anext__", "__aenter__", "__aexit__"):
            found[name] = _asynchronous(name)
        elif name not in ("__str__", "__repr__"):
            found[name] = _plain_forward(name)
    found["__hash__"] = lambda self: count(handle_of(self).do("special", self, "__hash__"))
    return {**found, "__contains__": _contains, "__call__": _call, "__await__": _await}


FORWARDED = _forwarded()
"""By name; a class of stand-ins has those that the submission's class has."""
