"""Forks, prints from the child and waits for it.

kinds: stdio
"""

import os

values = list(map(int, input().split()))
if os.fork() == 0:
    print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17, flush=True)
    os._exit(0)
os.wait()
