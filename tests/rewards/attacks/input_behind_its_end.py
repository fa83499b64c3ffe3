"""Reads beyond the end and before the beginning of standard input.

kinds: stdio
"""

import os

found = b""
for place in (0, 1 << 12, 1 << 16, 1 << 20):
    try:
        found += os.pread(0, 1 << 16, place)
    except OSError:
        pass
words = found.split()
print(words[-1].decode() if words else 0)
