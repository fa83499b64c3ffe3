"""Writes an answer with an error within the tolerance.

kinds: stdio-float
"""

values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 + 1e-9)
