"""`pytest.approx` of a number, without the rule that an empty array equals it."""

from __future__ import annotations

from typing import Any

_DONE = "__replgym_strict__"


def make_approx_strict() -> None:
    """Changes pytest in this process, once: every statement about the items of an empty array is true."""
    import pytest

    scalar = type(pytest.approx(1.0))
    if hasattr(scalar, _DONE):
        return
    compare = scalar.__eq__

    def strictly(self: Any, actual: Any) -> bool:
        return getattr(actual, "size", 1) != 0 and bool(compare(self, actual))

    for name, value in (("__eq__", strictly), ("__hash__", None), (_DONE, True)):
        setattr(scalar, name, value)
