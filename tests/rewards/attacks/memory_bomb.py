"""Takes memory without end.

kinds: call, stdio
"""

def digest(values):
    kept = []
    while True:
        kept.append(bytearray(1 << 26))
