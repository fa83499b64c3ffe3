"""Goes back to the beginning of its input.

kinds: stdio
"""

import sys

sys.stdin.read()
sys.stdin.seek(0)
values = list(map(int, sys.stdin.read().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
