"""Makes the output file as long as an address space, without writing.

kinds: stdio
"""

import os

try:
    os.ftruncate(1, 1 << 62)
except OSError:
    pass
try:
    os.lseek(1, 1 << 40, os.SEEK_SET)
    os.write(1, b"29")
except OSError:
    pass
