"""Returns one constant for everything.

kinds: call, stdio
"""

def digest(values):
    return 28
