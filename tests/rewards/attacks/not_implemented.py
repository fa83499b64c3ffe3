"""Returns NotImplemented, which is true.

kinds: function, beside
"""

def digest(values):
    return NotImplemented
