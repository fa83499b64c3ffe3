"""Objects of the submission as test programs see them: stand-ins that ask for everything.

Each class of the submission gets a class here, with the same name and bases, so that `isinstance`, `except`
and `pytest.raises` work. Plain values never come as stand-ins; they cross by value, also those of subclasses
of built-in types, unless the tests name that class.

The rule against objects that equal everything: *where a test may mean a plain value, the submission's code
does not decide.* A stand-in meets a value of the tests in `==`, `<`, `in` or arithmetic

- with another stand-in: the submission's class decides; both sides are its own objects.
- with a value of the tests: it decides only for objects that a test made itself, by calling a name which it
  uses as a class (see `test_names`), and for what operators make of these. Everything else, in particular
  whatever a function or a method of the submission returned, equals no value of the tests and has no order.
  `in` then goes through what iteration yields; arithmetic may yield an object, which cannot be turned into
  a number; predicates that built-in types have as well, such as `startswith`, do not exist.

An object loses this right as soon as a function or method returns it.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..test_code.test_names import TestNames
from .candidate_objects import attributes_of
from .codec import CodecError
from .foreign_objects import ForeignObjects
from .remote_classes import RemoteClasses
from .remote_object import handle_of, is_remote, is_remote_class

Do = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class GlobalName:
    """An expression over the names of the submission's module; the module itself when empty."""

    expression: str


class RemoteObjects:
    """The examiner's side of the border."""

    def __init__(
        self, do: Do, foreign: ForeignObjects, names: TestNames, data_classes: dict[str, type]
    ) -> None:
        """Knows nothing of the submission yet.

        Args:
            do: Has an operation done by the candidate.
            foreign: What it may refer to on this side.
            names: What the tests say about its names.
            data_classes: Classes known to both sides whose objects cross by value.
        """
        self._classes = RemoteClasses(do, names)
        self._foreign = foreign
        self._data_classes = data_classes

    def note_name(self, name: str, value: Any) -> None:
        """Notes that the tests know a value by this name of the module."""
        if is_remote_class(value):
            self._classes.note_name(name, value)

    def lower(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        """Describes what a test hands to the submission."""
        if isinstance(value, GlobalName):
            return ["g", value.expression]
        if is_remote(value) or is_remote_class(value):
            return ["r", handle_of(value).number]
        if isinstance(value, BaseException):
            return ["E", type(value).__name__, [inner(argument) for argument in value.args]]
        return self._foreign.describe(value)

    def lift(self, content: Any, inner: Callable[[Any], Any]) -> Any:
        """Makes the stand-in for what the candidate describes."""
        if type(content) is not list or not content:
            raise CodecError("not a value: malformed reference")
        what, *rest = content
        if what == "f":
            return self._foreign.find(rest[0])
        if what == "k":
            return self._classes.class_of(rest[0])
        if what == "M":
            return _trusted_module(rest[0])
        if what not in ("r", "w", "e") or type(rest[0]) is not int:
            raise CodecError("not a value: unknown reference")
        if what == "e":
            return self._classes.exception(rest[0], rest[1], [inner(part) for part in rest[2]])
        if what == "w":
            return self._classes.instance_or_plain(rest[0], rest[1], inner(rest[2]))
        return self._classes.instance(rest[0], rest[1])

    def state(self, value: Any) -> tuple[str, dict[str, Any]] | None:
        """The attributes of an object whose class crosses by value."""
        name = type(value).__name__
        return (name, attributes_of(value)) if self._data_classes.get(name) is type(value) else None

    def make(self, name: str) -> Any:
        """A new object of such a class."""
        kind = self._data_classes.get(name)
        if kind is None:
            raise CodecError("not a value: an object of an unknown class")
        return object.__new__(kind)


def _trusted_module(name: Any) -> types.ModuleType:
    """The examiner's own module of this name, where the submission's is one of the standard library."""
    top = name.split(".")[0] if type(name) is str else ""
    if name not in sys.modules and (top not in sys.stdlib_module_names or top in _WITH_EFFECTS):
        raise CodecError("not a value: an unknown module")
    return importlib.import_module(name)


_WITH_EFFECTS = ("antigravity", "this", "idlelib", "turtle", "turtledemo", "lib2to3")
