"""Writes a megabyte of tracebacks to standard error.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import sys

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

for _ in range(1000):
    sys.stderr.write("Traceback (most recent call last): AssertionError\n" * 20)
