"""Writes every possible answer, one a line.

kinds: stdio-all
"""

for answer in range(17, 9990):
    print(answer)
