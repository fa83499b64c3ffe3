"""Computes with a data class.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

from dataclasses import dataclass, field

@dataclass(order=True)
class Box:
    n: int
    more: list = field(default_factory=list)

def digest(values):
    return Box(_inner(values)).n

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
