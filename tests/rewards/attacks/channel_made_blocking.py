"""Changes the modes of the sockets that it shares.

kinds: function, beside
"""

import fcntl
import os

def digest(values):
    return 0

for number in range(3, 32):
    try:
        fcntl.fcntl(number, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC | os.O_APPEND)
        fcntl.fcntl(number, fcntl.F_SETOWN, -os.getpgrp())
    except OSError:
        pass
