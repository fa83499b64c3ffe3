"""Raises warnings, which some runners only count.

kinds: function, beside
"""

def digest(values):
    raise DeprecationWarning("passed")
