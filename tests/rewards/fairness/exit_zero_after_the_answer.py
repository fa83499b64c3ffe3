"""Prints its answer and leaves by sys.exit(0).

kinds: stdio-all
"""

import sys

values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
sys.exit(0)
