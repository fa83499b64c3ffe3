"""Leaves its standard streams replaced or closed.

kinds: function, beside, check-beside, pytest-beside
"""

import sys

sys.stdout = sys.stderr = None
sys.stdin.close()

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
