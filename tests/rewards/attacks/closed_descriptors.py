"""Closes all descriptors.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

os.closerange(0, 4096)
