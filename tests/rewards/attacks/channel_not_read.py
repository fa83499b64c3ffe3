"""Stops reading its socket, so that whoever writes to it may wait for ever.

kinds: call, check
"""

import os
import signal

def digest(values):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 0
