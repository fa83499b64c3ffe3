"""Prints its answer and leaves by os._exit, as programs do that want no clean-up.

kinds: stdio-all
"""

import os
import sys

values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
sys.stdout.flush()
os._exit(0)
