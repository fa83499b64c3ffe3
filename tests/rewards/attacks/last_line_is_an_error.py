"""Is no program at all, but begins like one.

kinds: function, beside, stdio
"""

def digest(values):
    return 0

def broken(:
