"""Leaves its caller no memory to work with.

kinds: call, assert-beside
"""

kept = []

def digest(values):
    try:
        while True:
            kept.append(bytearray(1 << 26))
    except MemoryError:
        pass
    try:
        while True:
            kept.append(bytearray(1 << 12))
    except MemoryError:
        return 0
