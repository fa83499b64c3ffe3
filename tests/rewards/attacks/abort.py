"""Aborts the process.

kinds: function, beside, stdio
"""

import os

def digest(values):
    os.abort()
