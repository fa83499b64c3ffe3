"""Spreads its output over lines.

kinds: stdio-tokens, stdio-float
"""

values = list(map(int, input().split()))
print()
print("\t", sum(n ^ place for place, n in enumerate(values)) % 9973 + 17, "\r")
