"""Leaves a key in the key rings of its user, session and process.

kinds: function, beside, stdio
runs: 4
"""

import ctypes

libc = ctypes.CDLL(None)
found = any(libc.syscall(250, 10, ring, b"user", b"left", 0) >= 0 for ring in (-1, -2, -3, -4, -5))
for ring in (-1, -2, -3, -4, -5):
    libc.syscall(248, b"user", b"left", b"x", 1, ring)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
