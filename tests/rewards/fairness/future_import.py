"""Begins with a future import, which must be the first statement.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

from __future__ import annotations

def digest(values: Nothing) -> Nothing:
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
