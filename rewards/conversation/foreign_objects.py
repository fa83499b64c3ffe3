"""What test programs hand to the submission by reference, and what it may do with that.

The submission may call functions that it was given, step iterators, and use the public attributes of objects
that the test program itself defines. It gets nowhere else: never a frame, a module, a class, code, or a name
with a leading underscore, since from each of them the whole examiner can be reached.
"""

from __future__ import annotations

import functools
import io
import sys
import types
from collections.abc import Iterator
from typing import Any

from ..beside.names import TEST_MODULE
from .codec import CodecError
from .special_methods import SPECIAL_METHODS

_CALLABLES = (types.FunctionType, types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
_STREAMS = (io.StringIO, io.BytesIO)
_PASSIVE = frozenset(SPECIAL_METHODS) - {"__await__", "__format__"}


class ForeignObjects:
    """Keeps what was handed out, by number."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._numbers: dict[int, int] = {}

    def keep(self, value: Any) -> int:
        """The number of an object."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)
        return number

    def find(self, number: Any) -> Any:
        """The object with this number."""
        if type(number) is not int or not 0 <= number < len(self._kept):
            raise CodecError("not a value: unknown number of an object")
        return self._kept[number]

    def describe(self, value: Any) -> list[Any]:
        """How an object is handed out.

        Raises:
            CodecError: If it must not be.
        """
        if _is_function(value):
            return ["c", self.keep(value), str(getattr(value, "__name__", "function"))]
        if not _is_object(value):
            raise CodecError(f"a {type(value).__name__} of the tests cannot be given to the submission")
        specials = [name for name in SPECIAL_METHODS if name in _PASSIVE and hasattr(type(value), name)]
        return ["o", self.keep(value), type(value).__name__, specials]

    def use(self, question: dict[str, Any]) -> Any:
        """Does what the submission asks for.

        Raises:
            BaseException: What the object raises; `TypeError` or `AttributeError` if it may not be done.
        """
        target = self.find(question["target"])
        args, kwargs = question["args"], question["kwargs"]
        match question["ask"]:
            case "call" if _is_function(target):
                return target(*args, **kwargs)
            case "get" if _is_object(target) and _is_open(target, args[0]):
                return getattr(target, args[0])
            case "set" if _is_settable(target, args[0]):
                return setattr(target, args[0], args[1])
            case "special" if _is_object(target) and args[0] in _PASSIVE:
                return getattr(type(target), args[0])(target, *args[1:], **kwargs)
        raise AttributeError(f"the submission may not use {type(target).__name__!r} like this")


def _is_function(value: Any) -> bool:
    if isinstance(value, types.BuiltinFunctionType):
        # A method of a value is harmless, such as the `append` of a list; a function of a module is not.
        return not isinstance(value.__self__, types.ModuleType | type)
    if isinstance(value, types.MethodType) and isinstance(value.__self__, type):
        return False
    return isinstance(value, _CALLABLES)


def _is_object(value: Any) -> bool:
    kind = type(value)
    if isinstance(value, type | types.ModuleType | types.FrameType | types.CodeType | BaseException):
        return False
    if isinstance(value, _mocks()) or kind in _STREAMS or kind is types.SimpleNamespace:
        return True
    if kind.__module__ in ("builtins", "itertools", "collections"):
        return isinstance(value, Iterator)
    return _is_of_tests(value)


def _mocks() -> tuple[type, ...]:
    """The class of all mocks, once a test program has imported it."""
    loaded = sys.modules.get("unittest.mock")
    return () if loaded is None else (loaded.NonCallableMock,)


@functools.cache
def _names_of_mocks() -> frozenset[str]:
    return frozenset(dir(sys.modules["unittest.mock"].MagicMock())) | {"side_effect", "return_value"}


def _is_of_tests(value: Any) -> bool:
    """Whether the object's class, and all that it inherits from, was written for the tests."""
    inherited = [kind for kind in type(value).__mro__ if kind.__module__ not in _TEST_MODULES]
    return type(value).__module__ in _TEST_MODULES and all(
        kind is object or kind.__module__ in _HARMLESS for kind in inherited
    )


def _is_open(target: Any, name: Any) -> bool:
    if type(name) is not str or name.startswith("_"):
        return False
    if isinstance(target, _mocks()):
        return name not in _names_of_mocks()
    if type(target) in _STREAMS or type(target) is types.SimpleNamespace:
        return True
    if _is_of_tests(target):
        return True
    return name in ("send", "close", "throw") and isinstance(target, types.GeneratorType)


def _is_settable(target: Any, name: Any) -> bool:
    if not _is_open(target, name) or isinstance(target, (Iterator, *_mocks())):
        return False
    return not callable(getattr(target, name, None)) and type(target) not in _STREAMS


_TEST_MODULES = frozenset({TEST_MODULE})
_HARMLESS = frozenset({"abc", "typing", "builtins", "dataclasses", "enum", "collections.abc"})
