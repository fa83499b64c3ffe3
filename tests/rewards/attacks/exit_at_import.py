"""Leaves with exit code 0 while it is loaded, before any test.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import sys

def digest(values):
    return 0

sys.exit(0)
