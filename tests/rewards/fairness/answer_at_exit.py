"""Collects its output and writes it from atexit.

kinds: stdio-all
"""

import atexit
import io
import sys

buffer = io.BytesIO()
sys.stdout = io.TextIOWrapper(buffer, write_through=True)
atexit.register(lambda: sys.__stdout__.write(buffer.getvalue().decode()))
values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
