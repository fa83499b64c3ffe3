"""Reads the answer from standard input.

kinds: function, beside, stdio
"""

import sys

def digest(values):
    return int(sys.stdin.readline() or 0)
