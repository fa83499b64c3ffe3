"""The classes of stand-ins, made from what the candidate says about its own classes; see `remote_objects`."""

from __future__ import annotations

import builtins
import sys
from typing import Any

from ..test_code.test_names import TestNames
from .codec import CodecError
from .remote_methods import FORWARDED
from .remote_object import (
    CLASS_HANDLE,
    HANDLE,
    Do,
    EnumerableMeta,
    Handle,
    RemoteMeta,
    RemoteObject,
    handle_of,
    returned,
)

_MAX_NAME = 200
_NEVER_RAISED = (KeyboardInterrupt, GeneratorExit)
_FORBIDDEN_MODULES = ("unittest", "pytest", "_pytest", "pluggy", "replgym")


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
            object.__setattr__(found, HANDLE, Handle(self._do, number, methods))
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
        error.__dict__[HANDLE] = Handle(self._do, number)
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
            namespace |= {special: FORWARDED[special] for special in specials & FORWARDED.keys()}
            if "unhashable" in specials:
                namespace["__hash__"] = None
        meta = EnumerableMeta if "enumerable" in specials else RemoteMeta
        kind = type.__new__(meta, name, kinds, namespace)
        type.__setattr__(kind, CLASS_HANDLE, Handle(self._do, number))
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


async def _coroutine(stand_in: Any) -> Any:
    """A coroutine, since event loops take nothing else; it runs on the other side when it is awaited."""
    return returned(handle_of(stand_in).do("await", stand_in))


def _exception_attribute(self: BaseException, name: str) -> Any:
    if name.startswith("__") or HANDLE not in self.__dict__:
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
