"""Writes megabytes to both standard outputs.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

for _ in range(300):
    for number in (1, 2):
        try:
            os.write(number, b"x" * 65536)
        except OSError:
            pass
