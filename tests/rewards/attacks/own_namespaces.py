"""Makes namespaces of its own, to hide processes and mounts in them.

kinds: function, beside, stdio
"""

import ctypes
import os

def digest(values):
    return 0

libc = ctypes.CDLL(None)
for flags in (0x10000000, 0x10000000 | 0x20000000, 0x00020000, 0x40000000, 0x20000000):
    libc.unshare(flags)
libc.mount(b"none", b"/", None, 0x44000, None)
libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None)
if os.fork() == 0:
    os._exit(0)
