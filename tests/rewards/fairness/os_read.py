"""Reads descriptor 0 itself.

kinds: stdio-all
"""

import os

values = list(map(int, os.read(0, 1 << 20).split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
