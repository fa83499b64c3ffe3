"""Every process forks and exits, so that the next one is never the one that was seen.

kinds: call, stdio
"""

import os

def digest(values):
    return 0

if os.fork() == 0:
    while True:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            pass
