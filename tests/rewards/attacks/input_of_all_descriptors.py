"""Looks for other inputs and outputs among all its descriptors.

kinds: stdio
"""

import os

found = b""
for number in range(64):
    if number in (0, 1, 2):
        continue
    try:
        os.lseek(number, 0, os.SEEK_SET)
    except OSError:
        pass
    try:
        os.set_blocking(number, False)
        found += os.read(number, 1 << 16)
    except OSError:
        pass
print(found.decode(errors="replace"))
