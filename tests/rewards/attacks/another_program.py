"""Replaces itself by a shell that exits with 0.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

os.execv("/bin/sh", ["sh", "-c", "exit 0"])
