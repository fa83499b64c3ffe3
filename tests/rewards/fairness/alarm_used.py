"""Sets an alarm for itself and cancels it.

kinds: function, beside, stdio
"""

import signal

signal.signal(signal.SIGALRM, lambda *_: None)

def digest(values):
    signal.alarm(30)
    try:
        return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
    finally:
        signal.alarm(0)
