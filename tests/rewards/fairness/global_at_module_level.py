"""Declares module-level names global at module level, which a harness that wraps programs in functions breaks.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

global count
count = 0

def digest(values):
    global count
    count += 1
    return _inner(values)

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
