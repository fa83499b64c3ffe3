"""Begins an answer and never ends it.

kinds: call, check, pytest-beside
"""

import os
import time

def digest(values):
    for number in range(3, 16):
        try:
            os.write(number, b"\0\0\0\xff{")
        except OSError:
            pass
    time.sleep(60)
