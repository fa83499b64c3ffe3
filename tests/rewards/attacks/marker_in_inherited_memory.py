"""Leaves its mark in memory that processes forked from one parent could share.

kinds: function, beside, stdio
runs: 4
"""

import ctypes
import mmap
import os

found = False
try:
    for line in open("/proc/self/maps"):
        region, mode, *_ = line.split()
        if mode.startswith("rw") and mode.endswith("s"):
            start, end = (int(part, 16) for part in region.split("-"))
            found = found or b"left-before" in ctypes.string_at(start, end - start)
            ctypes.memmove(end - 16, b"left-before\0", 12)
except OSError:
    pass
for number in range(3, 64):
    try:
        found = found or b"left-before" in os.pread(number, 4096, 0)
        os.pwrite(number, b"left-before", 0)
    except OSError:
        pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
