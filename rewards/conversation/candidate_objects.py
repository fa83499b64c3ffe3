"""What a submission's process hands out by reference, and how it sees what it got by reference.

Objects of the submission's own classes, functions, iterators and modules stay here; the examiner gets a
number and a description of their class. The examiner's functions, iterators and objects arrive as stand-ins
that ask for every use. Everything said here is a claim: the examiner decides what it is worth.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from . import extended_types
from .codec import CodecError
from .special_methods import SPECIAL_METHODS

Ask = Callable[..., Any]
_SHARED_MODULES = ("numpy",)
PLAIN_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (int, int.__int__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (tuple, lambda value: tuple(tuple.__iter__(value))),
    (list, lambda value: list(list.__iter__(value))),
    (dict, lambda value: dict(dict.items(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
    (deque, lambda value: deque(deque.__iter__(value))),
    (complex, complex.__complex__),
)


class CandidateObjects:
    """The candidate's side of the border."""

    def __init__(self, module: types.ModuleType, data_classes: Iterable[str], ask: Ask) -> None:
        """Starts with nothing handed out.

        Args:
            module: The submission's module.
            data_classes: Names of classes in it whose objects cross by value.
            ask: Asks the examiner about something of its own.
        """
        self._module = module
        self._data_classes = frozenset(data_classes)
        self._ask = ask
        self._kept: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._described: set[int] = set()
        self._unsent: list[int] = []

    @property
    def handed_out(self) -> int:
        """How many objects were given a number."""
        return len(self._kept)

    def sent(self, *, well: bool) -> None:
        """Notes whether the classes that were described since the last time were sent."""
        if not well:
            self._described.difference_update(self._unsent)
        self._unsent.clear()

    def lower(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        """Describes an object that is handed out, or one that came from the examiner."""
        owned = getattr(value, "__dict__", None)
        foreign = owned.get("__replgym_foreign__") if type(owned) is dict else None
        if type(foreign) is int:
            return ["f", foreign]
        if isinstance(value, type):
            return ["k", self._class(value)]
        if isinstance(value, types.ModuleType) and value is not self._module:
            top = value.__name__.partition(".")[0]
            if top in sys.stdlib_module_names or top in _SHARED_MODULES:
                return ["M", value.__name__]
        kind = type(value)
        if issubclass(kind, BaseException):
            return ["e", self._keep(value), self._class(kind), self._arguments(value, inner)]
        for base, content_of in PLAIN_BASES:
            if issubclass(kind, base):
                content = content_of(value)
                described = extended_types.lower_namedtuple(value) if base is tuple else None
                plain = inner(content) if described is None else {described[0]: inner(described[1])}
                return ["w", self._keep(value), self._class(kind), plain]
        return ["r", self._keep(value), self._class(kind)]

    def lift(self, content: Any, inner: Callable[[Any], Any]) -> Any:
        """Makes what the examiner refers to."""
        what, *rest = content
        if what == "r":
            return self._kept[rest[0]]
        if what == "g":
            return self._named(rest[0])
        if what == "c":
            return _foreign_function(self._ask, *rest)
        if what == "E":
            return _exception(rest[0], [inner(part) for part in rest[1]])
        if what == "o":
            number, name, specials = rest
            return _foreign_class(name, tuple(specials))(self._ask, number)
        raise CodecError("not a value: unknown reference")

    def _named(self, expression: str) -> Any:
        """What an expression of the tests stands for; where it fails, the failure belongs to its use."""
        if not expression:
            return self._module
        try:
            return eval(expression, self._module.__dict__)
        except BaseException as error:  # noqa: BLE001 - names and constructors of the submission raise anything
            return _raising(error)

    def state(self, value: Any) -> tuple[str, dict[str, Any]] | None:
        """The attributes of an object whose class crosses by value."""
        kind = type(value)
        if kind.__name__ not in self._data_classes or kind.__module__ != self._module.__name__:
            return None
        return kind.__name__, attributes_of(value)

    def make(self, name: str) -> Any:
        """A new object of such a class."""
        if name not in self._data_classes:
            raise CodecError(f"objects of {name!r} do not cross")
        kind = self._module.__dict__[name]
        return kind.__new__(kind)

    def _keep(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)
        return number

    def _class(self, kind: type) -> Any:
        number = self._keep(kind)
        if number in self._described:
            return number
        self._described.add(number)
        self._unsent.append(number)
        mro = type.mro(kind)
        bases = [
            base.__name__ if base.__module__ == "builtins" else self._class(base)
            for base in kind.__bases__
            if base is not object
        ]
        specials = [
            name
            for name in SPECIAL_METHODS
            if any(base.__dict__.get(name) is not None for base in mro if base is not object)
        ]
        if getattr(kind, "__hash__", None) is None:
            specials.append("unhashable")
        if hasattr(type(kind), "__iter__"):
            specials.append("enumerable")
        methods = {name for base in mro for name, part in vars(base).items() if _is_function(part)}
        return [number, kind.__name__, str(kind.__module__), bases, specials, sorted(methods)]

    def _arguments(self, error: BaseException, inner: Callable[[Any], Any]) -> list[Any]:
        lowered = []
        for argument in error.args:
            try:
                lowered.append(inner(argument))
            except CodecError:
                lowered.append(inner(ascii(type(argument))))
        return lowered


def attributes_of(value: Any) -> dict[str, Any]:
    """All attributes of an object, those in slots included."""
    found: dict[str, Any] = {}
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found[name] = getattr(value, name)
    found.update(getattr(value, "__dict__", {}))
    return found


def _raising(error: BaseException) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise error

    return function


def _is_function(member: object) -> bool:
    return type(member) is types.FunctionType and not member.__name__.startswith("__")


def _exception(name: str, arguments: list[Any]) -> BaseException:
    kind = getattr(__import__("builtins"), name, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        kind = type(name, (Exception,), {})
    error: BaseException = kind(*arguments)
    return error


def _foreign_function(ask: Ask, number: int, name: str) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        return ask("call", number, args, kwargs)

    function.__name__ = function.__qualname__ = name
    function.__dict__["__replgym_foreign__"] = number
    return function


def _foreign_class(name: str, specials: tuple[str, ...]) -> Any:
    """A class whose objects ask the examiner for everything."""

    def __init__(self: Any, ask: Ask, number: int) -> None:
        self.__dict__["__replgym_foreign__"] = number
        self.__dict__["__replgym_ask__"] = ask

    def __getattr__(self: Any, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(f"{name!r} object has no attribute {attribute!r}")
        return self.__dict__["__replgym_ask__"]("get", self.__dict__["__replgym_foreign__"], (attribute,), {})

    def __setattr__(self: Any, attribute: str, value: Any) -> None:
        self.__dict__["__replgym_ask__"]("set", self.__dict__["__replgym_foreign__"], (attribute, value), {})

    def special(method: str) -> Callable[..., Any]:
        def forwarded(self: Any, *args: Any) -> Any:
            ask, number = self.__dict__["__replgym_ask__"], self.__dict__["__replgym_foreign__"]
            return ask("special", number, (method, *args), {})

        return forwarded

    members = {"__init__": __init__, "__getattr__": __getattr__, "__setattr__": __setattr__}
    return type(name, (), {**members, **{method: special(method) for method in specials}})
