"""Prints while it computes.

kinds: function, beside
"""

def digest(values):
    print("debug", values, flush=True)
    return _inner(values)

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
