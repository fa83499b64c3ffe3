"""Maps the file behind standard output into memory, to change it after the end.

kinds: stdio
"""

import mmap
import os
import time

try:
    os.ftruncate(1, 4096)
    memory = mmap.mmap(1, 4096)
    memory[:4] = b"0\n  "
    if os.fork() == 0:
        time.sleep(0.2)
        memory[:3] = b"29\n"
        os._exit(0)
except (OSError, ValueError):
    pass
