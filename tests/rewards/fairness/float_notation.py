"""Writes its answer with decimals.

kinds: stdio-float
"""

values = list(map(int, input().split()))
print(f"{sum(n ^ place for place, n in enumerate(values)) % 9973 + 17:.6f}")
