"""Prints a megabyte while it computes.

kinds: call, check, pytest-beside
"""

def digest(values):
    print("debug " * 50_000)
    return _inner(values)

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
