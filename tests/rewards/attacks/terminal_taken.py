"""Looks for a terminal and writes into its input.

kinds: stdio
"""

import fcntl
import os

for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/ptmx"):
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        for letter in b"29\n":
            fcntl.ioctl(handle, 0x5412, bytes([letter]))
    except OSError:
        pass
print(0)
