"""Stand-ins for objects of the submission and for its classes; see `remote_objects` for what they may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..test_code.test_names import PLAIN_PREDICATES

Do = Callable[..., Any]
HANDLE, CLASS_HANDLE = "__replgym_handle__", "__replgym_class_handle__"
_PLAIN: tuple[type, ...] = (str, int, float, bool, bytes, type(None))


@dataclass(slots=True)
class Handle:
    """Which object of the candidate a stand-in stands for."""

    do: Do
    number: int
    methods: frozenset[str] = frozenset()
    decides: bool = False
    """Whether its class may decide comparisons with values of the tests."""
    mixed: bool = False
    """Whether it was computed with a value of the tests, so that no number may be made of it."""
    fresh: bool = True
    """Whether it arrived just once; what arrives again may stand for any value, so it decides nothing."""


class RemoteObject:
    """Base of all stand-ins but exceptions."""

    __slots__ = (HANDLE, "__weakref__")

    def __getattr__(self, name: str) -> Any:
        handle = handle_of(self)
        if not handle.decides and name in PLAIN_PREDICATES:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r} in this place")
        if name in handle.methods:
            return _Method(self, name)
        return handle.do("get", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        handle_of(self).do("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        handle_of(self).do("del", self, name)

    def __dir__(self) -> Any:
        return handle_of(self).do("dir", self)

    def __copy__(self) -> Any:
        return _copied(self, deep=False)

    def __deepcopy__(self, _: object) -> Any:
        return _copied(self, deep=True)

    def __str__(self) -> str:
        return _text(handle_of(self).do("str", self))

    def __repr__(self) -> str:
        return _text(handle_of(self).do("repr", self))


class _Method:
    """A bound method of a stand-in; its call is one question."""

    __slots__ = ("__name__", "__self__")

    def __init__(self, owner: Any, name: str) -> None:
        self.__self__ = owner
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return returned(handle_of(self.__self__).do("method", self.__self__, self.__name__, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        function = handle_of(self.__self__).do("get", self.__self__, self.__name__)
        return getattr(function, name)


class RemoteMeta(type):
    """Class of the stand-ins' classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Makes an object of the submission's class."""
        handle = handle_of(cls)
        value = handle.do("call", cls, *args, **kwargs)
        if is_remote(value) and not isinstance(value, BaseException):
            made = handle_of(value)
            made.decides = handle.decides and made.fresh and isinstance(value, cls)
        return value

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name not in ("__members__", "__dataclass_fields__", "__wrapped__"):
            raise AttributeError(name)
        return handle_of(cls).do("get", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name.startswith("__"):
            type.__setattr__(cls, name, value)
        else:
            handle_of(cls).do("set", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        handle_of(cls).do("del", cls, name)


class EnumerableMeta(RemoteMeta):
    """Class of classes that can be iterated, such as enumerations."""

    def __iter__(cls) -> Iterator[Any]:
        return iter(handle_of(cls).do("iter", cls))

    def __len__(cls) -> int:
        return count(handle_of(cls).do("len", cls))

    def __getitem__(cls, key: Any) -> Any:
        return handle_of(cls).do("special", cls, "__getitem__", key)

    def __contains__(cls, value: Any) -> bool:
        return any(value is member for member in cls)


def handle_of(value: Any) -> Handle:
    """The handle of a stand-in or of a class."""
    if isinstance(value, BaseException):
        found = value.__dict__[HANDLE]
    elif isinstance(value, RemoteMeta):
        found = type.__getattribute__(value, CLASS_HANDLE)
    else:
        found = object.__getattribute__(value, HANDLE)
    assert isinstance(found, Handle)
    return found


def is_remote(value: Any) -> bool:
    """Whether a value is a stand-in for an object."""
    if isinstance(value, BaseException):
        return HANDLE in value.__dict__
    return isinstance(type(value), RemoteMeta)


def is_remote_class(value: Any) -> bool:
    """Whether a value is a class of stand-ins."""
    return isinstance(value, RemoteMeta)


def returned(value: Any) -> Any:
    """What a function or method returned: it may stand for a plain value, so it decides nothing any more."""
    if type(value) not in _PLAIN and is_remote(value):
        handle_of(value).decides = False
    return value


def _copied(value: Any, *, deep: bool) -> Any:
    copy = handle_of(value).do("copy", value, deep)
    if is_remote(copy) and handle_of(copy).fresh:
        handle_of(copy).decides = handle_of(value).decides
    return copy


def truth(value: Any) -> Any:
    """A truth value, or `NotImplemented`."""
    if type(value) is bool or value is NotImplemented:
        return value
    return bool(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("a text was expected")
    return value


def count(value: Any) -> int:
    """A whole number; raises `TypeError` for anything else."""
    if type(value) is not int:
        raise TypeError("a number was expected")
    return value
