"""Whether two collections hold the same elements, each as often, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable


def same_elements(expected: Iterable[Hashable], found: Iterable[Hashable]) -> bool:
    """Compares in linear time.

    Only expected elements are kept in a table, so that found ones with colliding hashes slow nothing down.
    """
    missing = Counter(expected)
    for element in found:
        if not missing.get(element):
            return False
        missing[element] -= 1
    return not any(missing.values())
