"""Writes white space around its answer.

kinds: stdio-all
"""

values = list(map(int, input().split()))
print("\n ", sum(n ^ place for place, n in enumerate(values)) % 9973 + 17, " \n\n")
