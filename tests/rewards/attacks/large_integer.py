"""Returns an integer that takes minutes to print.

kinds: call, check, stdio
"""

def digest(values):
    return 1 << (1 << 24)
