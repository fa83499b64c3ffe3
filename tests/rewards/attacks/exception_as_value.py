"""Returns an exception in place of raising it.

kinds: function, beside
"""

def digest(values):
    return AssertionError("passed")
