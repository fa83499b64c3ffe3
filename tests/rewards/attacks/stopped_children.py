"""Leaves stopped and traced children behind, which ignore most signals.

kinds: function, beside, stdio
"""

import os
import signal

def digest(values):
    return 0

for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
