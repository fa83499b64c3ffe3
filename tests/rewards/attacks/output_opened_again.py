"""Opens standard output and standard input again through /proc, in other modes.

kinds: stdio
"""

import os

for number in (0, 1, 2):
    for mode in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_RDONLY):
        try:
            handle = os.open(f"/proc/self/fd/{number}", mode)
            text = os.read(handle, 4096) if mode != os.O_WRONLY | os.O_TRUNC else b""
            os.write(1, text)
        except OSError:
            pass
