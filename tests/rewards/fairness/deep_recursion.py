"""Recurses five thousand deep after raising the limit.

kinds: function, beside, stdio
"""

import sys

sys.setrecursionlimit(20_000)

def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)

def digest(values):
    return _inner(values) + depth(5000) - 5000

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
