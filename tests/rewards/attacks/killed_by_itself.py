"""Kills itself with SIGKILL, as the machine's memory guard would.

kinds: function, beside, stdio
"""

import os
import signal

def digest(values):
    return 0

os.kill(os.getpid(), signal.SIGKILL)
