"""A forked child answers the questions while its parent sleeps.

kinds: function, beside
"""

import os
import time

def digest(values):
    return 0

if os.fork():
    time.sleep(0.2)
    os._exit(0)
