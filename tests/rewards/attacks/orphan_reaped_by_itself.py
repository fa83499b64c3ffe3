"""Makes itself the reaper of its descendants and never reaps.

kinds: function, beside, stdio
"""

import ctypes
import os

def digest(values):
    return 0

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for _ in range(20):
    try:
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
    except OSError:
        pass
