"""Ignores all alarms and all exceptions.

kinds: call, pytest-beside, stdio
"""

import signal
import time

signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0)

def digest(values):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass
