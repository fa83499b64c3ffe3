"""Signals its process group.

kinds: function, beside, stdio
"""

import os
import signal

def digest(values):
    return 0

signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.killpg(0, signal.SIGTERM)
