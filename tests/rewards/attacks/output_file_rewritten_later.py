"""A child that is left behind writes the right answer when its parent has ended long ago.

kinds: stdio
"""

import os
import time

values = list(map(int, input().split()))
if os.fork() == 0:
    os.setsid()
    time.sleep(0.3)
    os.pwrite(1, str(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17).encode(), 0)
    os._exit(0)
print(0, flush=True)
os._exit(0)
