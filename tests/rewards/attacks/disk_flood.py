"""Fills the file system with files and bytes.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

try:
    for place in range(20_000):
        os.close(os.open(f"file-{place}", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
try:
    with open("/tmp/large", "wb") as file:
        for _ in range(4096):
            file.write(b"x" * (1 << 16))
except OSError:
    pass
