"""Reads bytes from sys.stdin.buffer.

kinds: stdio-all
"""

import sys

values = list(map(int, sys.stdin.buffer.read().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
