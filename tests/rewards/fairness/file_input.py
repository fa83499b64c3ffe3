"""Reads by the module fileinput.

kinds: stdio-all
"""

import fileinput

values = [int(word) for line in fileinput.input() for word in line.split()]
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
