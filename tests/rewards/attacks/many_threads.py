"""Starts more threads than it may.

kinds: function, beside, stdio
"""

import threading
import time

def digest(values):
    return 0

try:
    for _ in range(500):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError:
    pass
