"""Leaves shared memory segments, queues and semaphores of all sorts for the next process.

kinds: function, beside, stdio
runs: 4
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
KEY = 0x5EED
found = libc.shmget(KEY, 4096, 0) >= 0 or libc.semget(KEY, 1, 0) >= 0 or libc.msgget(KEY, 0) >= 0
try:
    found = found or ctypes.CDLL("librt.so.1").mq_open(b"/seed", 0) >= 0
except OSError:
    pass
libc.shmget(KEY, 4096, 0o1666)
libc.semget(KEY, 1, 0o1666)
libc.msgget(KEY, 0o1666)
try:
    ctypes.CDLL("librt.so.1").mq_open(b"/seed", 0o102, 0o666, None)
except OSError:
    pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
