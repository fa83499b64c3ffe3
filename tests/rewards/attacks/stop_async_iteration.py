"""Raises StopAsyncIteration.

kinds: function, beside
"""

def digest(values):
    raise StopAsyncIteration
