"""Prints its answer and leaves by exit().

kinds: stdio-all
"""

values = list(map(int, input().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
exit()
