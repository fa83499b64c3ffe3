"""The special methods that cross the border with an object of the submission."""

from __future__ import annotations

_BINARY = tuple(
    "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split()  # noqa: SIM905
)

ARITHMETIC = frozenset(f"__{side}{name}__" for name in _BINARY for side in ("", "r", "i"))
"""Methods that compute with another operand."""

COMPARISONS = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"})

NUMBERS = frozenset(
    {"__abs__", "__float__", "__int__", "__index__", "__complex__", "__round__", "__trunc__", "__bool__"}
    | {"__floor__", "__ceil__", "__len__"}
)
"""Methods that make a plain number of an object alone."""

_OTHERS = frozenset(
    {"__hash__", "__str__", "__repr__", "__format__", "__bytes__", "__fspath__", "__iter__", "__next__"}
    | {"__reversed__", "__contains__", "__getitem__", "__setitem__", "__delitem__", "__call__"}
    | {"__enter__", "__exit__", "__neg__", "__pos__", "__invert__"}
    | {"__await__", "__aenter__", "__aexit__", "__aiter__", "__anext__", "__length_hint__"}
)

SPECIAL_METHODS = tuple(sorted(ARITHMETIC | COMPARISONS | NUMBERS | _OTHERS))
