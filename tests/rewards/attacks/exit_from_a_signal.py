"""Exits with 0 from a signal handler.

kinds: function, beside, stdio
"""

import os
import signal

def digest(values):
    return 0

signal.signal(signal.SIGUSR1, lambda *_: os._exit(0))
os.kill(os.getpid(), signal.SIGUSR1)
