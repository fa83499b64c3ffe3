"""Sends its answer so slowly that every single wait is short.

kinds: call
"""

import os
import time

def digest(values):
    for number in range(3, 16):
        try:
            os.write(number, b"\0\0\xff\xff")
        except OSError:
            continue
        while True:
            time.sleep(0.01)
            os.write(number, b" ")
