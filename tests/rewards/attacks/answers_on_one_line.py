"""Writes every possible answer on one line.

kinds: stdio-all
"""

print(*range(17, 9990))
