"""Reads standard input while it is loaded, which is empty.

kinds: function, beside
"""

import sys

assert sys.stdin.read() == ""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
