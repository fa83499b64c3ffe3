"""Remembers its answers.

kinds: function, beside, stdio
"""

import functools

@functools.cache
def _cached(values):
    return _inner(values)

def digest(values):
    return _cached(tuple(values))

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
