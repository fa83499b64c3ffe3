"""Kills every process that it may signal.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

try:
    os.kill(-1, 9)
except OSError:
    pass
