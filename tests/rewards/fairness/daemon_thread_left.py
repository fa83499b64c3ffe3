"""Leaves a daemon thread running.

kinds: function, beside, stdio
"""

import threading
import time

threading.Thread(target=time.sleep, args=(30,), daemon=True).start()

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
