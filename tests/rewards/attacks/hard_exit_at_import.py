"""Ends its process with exit code 0 while it is loaded, past all clean-up.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import os

def digest(values):
    return 0

os._exit(0)
