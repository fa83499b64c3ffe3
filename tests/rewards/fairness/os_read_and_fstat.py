"""Reads as much as fstat says that there is, as fast input classes do.

kinds: stdio-all
"""

import os
from io import BytesIO

size = max(os.fstat(0).st_size, 8192)
values = list(map(int, BytesIO(os.read(0, size)).readline().split()))
os.write(1, str(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17).encode())
