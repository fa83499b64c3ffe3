"""Ends its output without a newline.

kinds: stdio-all
"""

values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17, end="")
