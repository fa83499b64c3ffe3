"""Writes for ever to standard error.

kinds: stdio
"""

import sys

while True:
    sys.stderr.write("x" * 65536)
