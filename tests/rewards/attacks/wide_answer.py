"""Returns millions of parts.

kinds: call
"""

def digest(values):
    return [0] * (1 << 21)
