"""Raises SystemExit and catches it.

kinds: function, beside, stdio
"""

import sys

try:
    sys.exit(1)
except SystemExit:
    pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
