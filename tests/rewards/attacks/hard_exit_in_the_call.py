"""Ends its process with exit code 0 in place of an answer.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import os

def digest(values):
    os._exit(0)
