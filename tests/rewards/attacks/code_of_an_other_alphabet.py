"""Writes digits of other alphabets.

kinds: stdio-all
"""

values = list(map(int, input().split()))
print((str(sum(n ^ place for place, n in enumerate(values)) % 9973 + 18)).translate({48 + d: 0x660 + d for d in range(10)}))
