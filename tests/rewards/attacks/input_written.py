"""Writes into the file behind standard input, from which a later test or the judge may read.

kinds: stdio
"""

import os

try:
    os.lseek(0, 0, os.SEEK_SET)
    os.write(0, b"0\n")
    os.ftruncate(0, 0)
except OSError:
    pass
try:
    with open("/proc/self/fd/0", "r+b") as file:
        file.write(b"12\n")
except OSError:
    pass
print(29)
