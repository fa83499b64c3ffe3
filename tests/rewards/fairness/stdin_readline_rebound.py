"""Rebinds input to the fast readline of bytes.

kinds: stdio-all
"""

import sys

input = sys.stdin.buffer.readline
values = [int(word) for word in input().split()]
sys.stdout.write("%d\n" % (sum(n ^ place for place, n in enumerate(values)) % 9973 + 17))
