"""Types of the standard library and numpy whose values cross the border, described by simpler values.

Only exact types: the description is written and read by known code, and what is read back is a value of the
real type, never one that a submission made up. numpy is used where it is loaded, and loaded where an array
arrives. Arrays of objects do not cross.
"""

from __future__ import annotations

import base64
import builtins
import collections
import datetime
import decimal
import fractions
import functools
import math
import operator
import pathlib
import re
import sys
import uuid
from collections.abc import Callable
from typing import Any

_KEYS: type = type({}.keys())
_VALUES: type = type({}.values())
_ITEMS: type = type({}.items())
_NUMPY_KINDS = "biufcmMSU"
_DTYPE = re.compile(r"[<>|=]?[biufcmMSU]\d{0,9}(\[\w{1,9}\])?")
_LARGEST_CHARACTER = 0x10FFFF
_FACTORIES: dict[str, type] = {
    kind.__name__: kind for kind in (int, float, str, list, dict, set, tuple, bool)
}


def lower(value: Any) -> tuple[str, Any] | None:
    """The tag of the value's type and a simpler value that describes it; None for other types."""
    kind = type(value)
    described = _LOWER.get(kind)
    if described is not None:
        tag, describe = described
        return tag, describe(value)
    owner = value.__module__ if kind is type else kind.__module__
    if str(owner).partition(".")[0] == "numpy" and "numpy" in sys.modules:
        return _lower_numpy(value)
    name = _NAMES.get(id(value))
    return None if name is None else ("B", name)


def lift(tag: str, content: Any) -> Any:
    """Makes a value; raises built-in exceptions such as `ValueError` if it is none."""
    return _LIFT[tag](content)


def lower_namedtuple(value: tuple[Any, ...]) -> tuple[str, Any] | None:
    """Describes a named tuple by the names and values of its fields; None if it is another tuple."""
    fields = getattr(type(value), "_fields", None)
    if type(fields) is not tuple or len(fields) != tuple.__len__(value):
        return None
    return "p", [type(value).__name__, list(fields), list(tuple.__iter__(value))]


def factory_name(factory: object) -> str | None:
    """The name of a `default_factory`, where it is a common built-in type."""
    name = getattr(factory, "__name__", None)
    return name if isinstance(name, str) and _FACTORIES.get(name) is factory else None


def factory(name: Any) -> type | None:
    """The `default_factory` of this name."""
    return None if name is None else _FACTORIES[name]


def restore(value: Any, attributes: dict[str, Any]) -> None:
    """Gives an object these attributes and no others, without calling code of its class."""
    own = getattr(value, "__dict__", None)
    if type(own) is dict:
        own.clear()
    for name, part in attributes.items():
        if name.startswith("__"):
            raise ValueError("an attribute with a reserved name")
        object.__setattr__(value, name, part)


def _lower_numpy(value: Any) -> tuple[str, Any] | None:
    import numpy

    if type(value) is numpy.ndarray and value.dtype.kind in _NUMPY_KINDS:
        data = base64.b64encode(numpy.ascontiguousarray(value).tobytes()).decode()
        return "N", [value.dtype.str, list(value.shape), data]
    if isinstance(value, numpy.generic) and value.dtype.kind in _NUMPY_KINDS:
        return "n", [value.dtype.str, base64.b64encode(value.tobytes()).decode()]
    if isinstance(value, numpy.dtype) and value.kind in _NUMPY_KINDS:
        return "m", value.str
    name = getattr(value, "__name__", "")
    if isinstance(value, type) and getattr(numpy, name, None) is value:
        return "k", name
    return None


def _dtype(name: Any) -> Any:
    import numpy

    if type(name) is not str or not _DTYPE.fullmatch(name):
        raise ValueError("a malformed type of an array")
    dtype = numpy.dtype(name)
    if dtype.kind not in _NUMPY_KINDS or dtype.subdtype is not None or dtype.names is not None:
        raise ValueError("a type of an array that does not cross")
    return dtype


def _from_bytes(name: Any, data: Any) -> Any:
    import numpy

    dtype = _dtype(name)
    raw = base64.b64decode(data, validate=True)
    if dtype.itemsize == 0:
        return numpy.zeros(0, dtype)
    if dtype.kind == "b":
        return numpy.frombuffer(raw, numpy.uint8) != 0
    values = numpy.frombuffer(raw, dtype).copy()
    if dtype.kind == "U" and values.size:
        code_points = values.view(numpy.dtype("u4").newbyteorder(dtype.byteorder))
        if code_points.max() > _LARGEST_CHARACTER:
            raise ValueError("a character that does not exist")
    return values


def _lift_array(content: list[Any]) -> Any:
    name, shape, data = content
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError("a malformed shape")
    values = _from_bytes(name, data)
    if values.size == 0:
        import numpy

        if 0 not in shape and math.prod(shape) != 0 and _dtype(name).itemsize:
            raise ValueError("an array without its values")
        return numpy.zeros(shape, _dtype(name))
    return values.reshape(shape)


def _lift_numpy_scalar(content: list[Any]) -> Any:
    name, data = content
    if not data:
        return _dtype(name).type()
    (value,) = _from_bytes(name, data)
    return value


def _lift_numpy_name(content: Any) -> Any:
    import numpy

    found = getattr(numpy, content)
    if not (isinstance(found, type) and (issubclass(found, numpy.generic) or found is numpy.ndarray)):
        raise ValueError("not a type of numpy")
    return found


def _lower_time(value: Any) -> list[Any]:
    zone = value.tzinfo
    if zone is not None and type(zone) is not datetime.timezone:
        offset = value.utcoffset()
        return [value.replace(tzinfo=None).isoformat(), None if offset is None else offset // _MICROSECOND]
    offset = None if zone is None else zone.utcoffset(None)
    return [value.replace(tzinfo=None).isoformat(), None if offset is None else offset // _MICROSECOND]


def _lift_time(kind: Any, content: list[Any]) -> Any:
    text, offset = content
    value = kind.fromisoformat(text)
    if offset is None:
        return value
    return value.replace(tzinfo=datetime.timezone(datetime.timedelta(microseconds=offset)))


@functools.lru_cache(maxsize=256)
def _namedtuple(name: str, fields: tuple[str, ...]) -> Any:
    return collections.namedtuple(name, fields)


def _lift_namedtuple(content: list[Any]) -> Any:
    name, fields, values = content
    return _namedtuple(name, tuple(fields))(*values)


def _lift_view(content: list[Any]) -> Any:
    which, parts = content
    if which == "keys":
        return dict.fromkeys(parts).keys()
    return dict(parts).items() if which == "items" else dict(enumerate(parts)).values()


def _lift_fraction(content: list[int]) -> fractions.Fraction:
    numerator, denominator = content
    return fractions.Fraction(numerator, denominator)


def _lift_complex(content: Any) -> complex:
    real, imaginary = content
    if type(real) is not float or type(imaginary) is not float:
        raise ValueError("a malformed complex number")
    return complex(real, imaginary)


def _lift_pattern(content: list[Any]) -> re.Pattern[Any]:
    source, flags = content
    return re.compile(source, flags & ~re.DEBUG)


_MICROSECOND = datetime.timedelta(microseconds=1)
_PATH = type(pathlib.Path())

_LOWER: dict[type, tuple[str, Callable[[Any], Any]]] = {
    complex: ("c", lambda value: [value.real, value.imag]),
    fractions.Fraction: ("F", lambda value: [value.numerator, value.denominator]),
    decimal.Decimal: ("M", str),
    datetime.datetime: ("T", _lower_time),
    datetime.time: ("h", _lower_time),
    datetime.date: ("j", lambda value: value.isoformat()),
    datetime.timedelta: ("l", lambda value: value // _MICROSECOND),
    range: ("g", lambda value: [value.start, value.stop, value.step]),
    slice: ("w", lambda value: [value.start, value.stop, value.step]),
    _KEYS: ("v", lambda value: ["keys", list(value)]),
    _VALUES: ("v", lambda value: ["values", list(value)]),
    _ITEMS: ("v", lambda value: ["items", list(value)]),
    uuid.UUID: ("U", lambda value: value.hex),
    _PATH: ("P", str),
    re.Pattern: ("R", lambda value: [value.pattern, value.flags]),
}
_LIFT: dict[str, Callable[[Any], Any]] = {
    "c": _lift_complex,
    "F": _lift_fraction,
    "M": lambda content: decimal.Decimal(content),
    "T": functools.partial(_lift_time, datetime.datetime),
    "h": functools.partial(_lift_time, datetime.time),
    "j": datetime.date.fromisoformat,
    "l": lambda content: datetime.timedelta(microseconds=content),
    "g": lambda content: range(*content),
    "w": lambda content: slice(*content),
    "v": _lift_view,
    "p": _lift_namedtuple,
    "U": lambda content: uuid.UUID(hex=content),
    "P": lambda content: pathlib.Path(content),
    "R": _lift_pattern,
    "N": _lift_array,
    "n": _lift_numpy_scalar,
    "m": _dtype,
    "k": _lift_numpy_name,
    "B": lambda content: _NAMED[content],
}
TAGS = frozenset(_LIFT)
"""What `lift` understands."""

_SAFE_FUNCTIONS = (
    *("abs", "all", "any", "ascii", "bin", "bool", "chr", "divmod", "format", "hash", "hex", "len", "max"),
    *("min", "oct", "ord", "pow", "repr", "round", "sorted", "sum"),
)


def _named() -> dict[str, Any]:
    found: dict[str, Any] = {"NotImplemented": NotImplemented, "Ellipsis": Ellipsis, "NoneType": type(None)}
    for name, value in vars(builtins).items():
        is_type = isinstance(value, type) and value not in (type, super, property, classmethod, staticmethod)
        if is_type or name in _SAFE_FUNCTIONS:
            found[name] = value
    for name in (
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "neg",
        "and_",
        "or_",
        "xor",
        "eq",
        "lt",
        "gt",
    ):
        found[f"operator.{name}"] = getattr(operator, name)
    for owner in (str, int, float, list, dict):
        for name, method in vars(owner).items():
            if not name.startswith("_") and type(method) is type(str.upper):
                found[f"{owner.__name__}.{name}"] = method
    for name in ("sqrt", "floor", "ceil", "gcd", "factorial", "log", "sin", "cos", "isclose", "prod"):
        found[f"math.{name}"] = getattr(math, name)
    return found


_NAMED: dict[str, Any] = _named()
_NAMES = {id(value): name for name, value in _NAMED.items()}
"""Built-in types and functions; they cross by name."""
