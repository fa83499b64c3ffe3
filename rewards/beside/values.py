"""Values of a test beside the submission: what can be sent, and of what kind the rest is.

A subclass of a built-in type is sent as its content. What cannot be sent has to be compared in place; the
examiner allows that by kind, since some objects equal everything.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

from ..conversation.candidate_objects import PLAIN_BASES

OWN, ANYTHING, LIBRARY, CLASS, OTHER = "own", "anything", "library", "class", "other"
_CONTAINERS = (list, tuple, set, frozenset, dict)
_DEPTH = 20


def _anything() -> type | None:
    """The type of `mock.ANY`, once somebody has loaded it."""
    loaded = sys.modules.get("unittest.mock")
    return None if loaded is None else type(loaded.ANY)


def without_subclasses(value: Any, depth: int = 0) -> Any:
    """The value with subclasses of built-in types, at any depth, replaced by their content."""
    kind = type(value)
    if depth > _DEPTH or kind.__module__ == "unittest.mock":
        return value
    if kind not in _CONTAINERS:
        for base, content_of in PLAIN_BASES:
            if issubclass(kind, base) and kind is not base and kind is not bool:
                value, kind = content_of(value), base
                break
    if kind is dict:
        return {
            without_subclasses(key, depth + 1): without_subclasses(part, depth + 1)
            for key, part in value.items()
        }
    if kind in _CONTAINERS:
        return kind(without_subclasses(part, depth + 1) for part in value)
    return value


def kinds_of(value: Any, module: types.ModuleType, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The kinds of all that is no plain value in a value, each with the name of its class."""
    kind = type(value)
    if kind is dict:
        value = [*value.keys(), *value.values()]
    if kind in _CONTAINERS and depth < _DEPTH:
        for part in value:
            yield from kinds_of(part, module, depth + 1)
        return
    if kind.__module__ == "builtins" and not isinstance(value, type):
        return
    if kind.__module__ == "numpy" and str(getattr(value, "dtype", "")) == "object" and depth < _DEPTH:
        yield from kinds_of(value.ravel().tolist(), module, depth + 1)
    yield _kind(value, kind, module), kind.__name__


def _kind(value: Any, kind: type, module: types.ModuleType) -> str:
    if kind.__module__ == module.__name__:
        return OWN
    if isinstance(value, type):
        return CLASS
    if kind is _anything():
        return ANYTHING
    top = kind.__module__.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("pytest", "_pytest", "hypothesis"):
        return OTHER
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return LIBRARY if found is kind or getattr(found, "__name__", "") == kind.__name__ else OTHER
