"""Leaves a process behind that is in a session of its own and holds all descriptors open.

kinds: function, beside, stdio
"""

import os
import time

def digest(values):
    return 0

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
