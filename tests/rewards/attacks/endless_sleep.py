"""Sleeps for ever.

kinds: call, pytest, stdio
"""

import time

def digest(values):
    time.sleep(1e6)
