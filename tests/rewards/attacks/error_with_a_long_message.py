"""Raises an exception with a message of many megabytes.

kinds: function, beside
"""

def digest(values):
    raise ValueError("x" * (1 << 24))
