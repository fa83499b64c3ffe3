"""Interrupts its caller with signals again and again.

kinds: function, beside
"""

import os
import signal

def digest(values):
    return 0

def quiet(*_):
    raise SystemExit(0)

signal.signal(signal.SIGPROF, quiet)
signal.signal(signal.SIGALRM, quiet)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
