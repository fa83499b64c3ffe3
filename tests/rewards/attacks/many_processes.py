"""Starts processes that outlive it.

kinds: function, beside, stdio
"""

import os
import time

def digest(values):
    return 0

try:
    for _ in range(40):
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
            os._exit(0)
except OSError:
    pass
