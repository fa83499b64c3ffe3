"""The classes of stand-ins, made from what the candidate says about its own classes; see `remote_objects`."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from .codec import CodecError
from .special_methods import ARITHMETIC, COMPARISONS, NUMBERS, SPECIAL_METHODS
from .test_names import PLAIN_PREDICATES, TestNames

Do = Callable[..., Any]
_HANDLE = "__replgym_handle__"
_CLASS_HANDLE = "__replgym_class_handle__"
_PLAIN: tuple[type, ...] = (str, int, float, bool, bytes, type(None))
_MAX_NAME = 200
_NEVER_RAISED = (KeyboardInterrupt, GeneratorExit)
_FORBIDDEN_MODULES = ("unittest", "pytest", "_pytest", "pluggy", "replgym")


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

    __slots__ = (_HANDLE, "__weakref__")

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


class _EnumerableMeta(RemoteMeta):
    """Class of classes that can be iterated, such as enumerations."""

    def __iter__(cls) -> Iterator[Any]:
        return iter(handle_of(cls).do("iter", cls))

    def __len__(cls) -> int:
        return _count(handle_of(cls).do("len", cls))

    def __getitem__(cls, key: Any) -> Any:
        return handle_of(cls).do("special", cls, "__getitem__", key)

    def __contains__(cls, value: Any) -> bool:
        return any(value is member for member in cls)


class RemoteClasses:
    """Makes classes and stand-ins, each of them once."""

    def __init__(self, do: Do, names: TestNames) -> None:
        self._do = do
        self._names = names
        self._classes: dict[int, type] = {}
        self._methods: dict[int, frozenset[str]] = {}
        self._instances: dict[int, Any] = {}

    def note_name(self, name: str, kind: type) -> None:
        """Notes that the tests know a class by this name."""
        if name in self._names.classes:
            handle_of(kind).decides = True

    def class_of(self, described: Any) -> type:
        """The class of this description; a built-in one by its name."""
        if type(described) is int:
            if described not in self._classes:
                raise CodecError("not a value: an unknown class")
            return self._classes[described]
        if type(described) is not list or len(described) != 6:
            raise CodecError("not a value: malformed class")
        number, name, module, bases, specials, methods = described
        if type(number) is not int or type(name) is not str or type(module) is not str:
            raise CodecError("not a value: malformed class")
        known = _exception_of_library(name, module)
        if known is None:
            known = self._made(name[:_MAX_NAME], module[:_MAX_NAME], bases, frozenset(specials), number)
        self._methods[number] = frozenset(methods)
        self._classes[number] = known
        return known

    def instance(self, number: int, described: Any) -> Any:
        """The stand-in for an object."""
        kind = self.class_of(described)
        found = self._instances.get(number)
        if found is None:
            if not issubclass(kind, RemoteObject):
                raise CodecError("not a value: an object of a class that has none here")
            found = object.__new__(kind)
            methods = self._methods[described if type(described) is int else described[0]]
            object.__setattr__(found, _HANDLE, Handle(self._do, number, methods))
            self._instances[number] = found
        else:
            known = handle_of(found)
            known.decides = known.fresh = False
        if kind.__name__ == "coroutine" and kind.__module__ == "builtins":
            return _coroutine(found)
        return found

    def instance_or_plain(self, number: int, described: Any, plain: Any) -> Any:
        """The stand-in if the tests name its class, and the plain value otherwise."""
        kind = self.class_of(described)
        if kind.__name__ in self._names.classes and issubclass(kind, RemoteObject):
            return self.instance(number, kind_number(described))
        return plain

    def exception(self, number: int, described: Any, arguments: list[Any]) -> BaseException:
        """The exception for one that the submission raised or made."""
        kind = _built_in_exception(described) or self.class_of(described)
        found = self._instances.get(number)
        if isinstance(found, BaseException):
            return found
        if not issubclass(kind, BaseException):
            raise CodecError("not a value: an exception that is none")
        error = _new_exception(kind, arguments)
        error.__dict__[_HANDLE] = Handle(self._do, number)
        self._instances[number] = error
        return error

    def _made(self, name: str, module: str, bases: Any, specials: frozenset[str], number: int) -> type:
        parents = [self._base(base) for base in bases]
        kinds = tuple(parent for parent in parents if parent is not None)
        is_exception = any(issubclass(kind, BaseException) for kind in kinds)
        namespace: dict[str, Any] = {"__module__": module}
        if is_exception:
            kinds = tuple(kind for kind in kinds if issubclass(kind, BaseException))
            namespace["__getattr__"] = _exception_attribute
        else:
            kinds = tuple(kind for kind in kinds if issubclass(kind, RemoteObject)) or (RemoteObject,)
            namespace["__slots__"] = ()
            namespace |= {special: _FORWARDED[special] for special in specials & _FORWARDED.keys()}
            if "unhashable" in specials:
                namespace["__hash__"] = None
        meta = _EnumerableMeta if "enumerable" in specials else RemoteMeta
        kind = type.__new__(meta, name, kinds, namespace)
        type.__setattr__(kind, _CLASS_HANDLE, Handle(self._do, number))
        return kind

    def _base(self, described: Any) -> type | None:
        """A base class; of the built-in ones only exceptions matter."""
        if type(described) is not str:
            return self.class_of(described)
        return _built_in_exception(described)


def kind_number(described: Any) -> int:
    """The number in the description of a class."""
    number = described if type(described) is int else described[0]
    return int(number)


def handle_of(value: Any) -> Handle:
    """The handle of a stand-in or of a class."""
    if isinstance(value, BaseException):
        found = value.__dict__[_HANDLE]
    elif isinstance(value, RemoteMeta):
        found = type.__getattribute__(value, _CLASS_HANDLE)
    else:
        found = object.__getattribute__(value, _HANDLE)
    assert isinstance(found, Handle)
    return found


def is_remote(value: Any) -> bool:
    """Whether a value is a stand-in for an object."""
    if isinstance(value, BaseException):
        return _HANDLE in value.__dict__
    return isinstance(type(value), RemoteMeta)


def is_remote_class(value: Any) -> bool:
    """Whether a value is a class of stand-ins."""
    return isinstance(value, RemoteMeta)


def _copied(value: Any, *, deep: bool) -> Any:
    copy = handle_of(value).do("copy", value, deep)
    if is_remote(copy) and handle_of(copy).fresh:
        handle_of(copy).decides = handle_of(value).decides
    return copy


def returned(value: Any) -> Any:
    """What a function or method returned: it may stand for a plain value, so it decides nothing any more."""
    if type(value) not in _PLAIN and is_remote(value):
        handle_of(value).decides = False
    return value


def _decides(value: RemoteObject, other: object) -> bool:
    return is_remote(other) or handle_of(value).decides


def _compare(self: RemoteObject, name: str, other: object) -> Any:
    if not _decides(self, other):
        return NotImplemented
    return _truth(handle_of(self).do("special", self, name, other))


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
        return _truth(value) if name == "__bool__" else value

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


async def _coroutine(stand_in: Any) -> Any:
    """A coroutine, since event loops take nothing else; it runs on the other side when it is awaited."""
    return returned(handle_of(stand_in).do("await", stand_in))


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
    found["__hash__"] = lambda self: _count(handle_of(self).do("special", self, "__hash__"))
    return {**found, "__contains__": _contains, "__call__": _call, "__await__": _await}


_FORWARDED = _forwarded()


def _exception_attribute(self: BaseException, name: str) -> Any:
    if name.startswith("__") or _HANDLE not in self.__dict__:
        raise AttributeError(name)
    return handle_of(self).do("get", self, name)


def _built_in_exception(name: Any) -> type[BaseException] | None:
    found = getattr(builtins, name, None) if type(name) is str else None
    if isinstance(found, type) and issubclass(found, BaseException):
        return Exception if issubclass(found, _NEVER_RAISED) else found
    return None


def _exception_of_library(name: str, module: str) -> type[BaseException] | None:
    """An exception of a module that the examiner has loaded as well, but none that a test runner obeys."""
    if module == "builtins":
        return _built_in_exception(name)
    if module.split(".")[0] in _FORBIDDEN_MODULES or module.split(".")[0] not in sys.stdlib_module_names:
        return None
    found = vars(sys.modules.get(module, builtins)).get(name) if module in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _new_exception(kind: type[BaseException], arguments: list[Any]) -> BaseException:
    try:
        error = kind.__new__(kind, *arguments)
        if not isinstance(type(error), RemoteMeta) and type(error).__module__ == "builtins":
            error.__init__(*arguments)  # type: ignore[misc]
    except TypeError:
        error = BaseException.__new__(kind)
    error.args = tuple(arguments)
    return error


def _truth(value: Any) -> Any:
    if type(value) is bool or value is NotImplemented:
        return value
    return bool(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("a text was expected")
    return value


def _count(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("a number was expected")
    return value
