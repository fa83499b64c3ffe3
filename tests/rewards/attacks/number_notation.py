"""Writes a number as programming languages may read it, but not this one.

kinds: stdio-special, stdio-float, stdio-tokens
"""

values = list(map(int, input().split()))
answer = sum(n ^ place for place, n in enumerate(values)) % 9973 + 18
print(f"0x{answer:x}", f"{answer}_0", sep="")
