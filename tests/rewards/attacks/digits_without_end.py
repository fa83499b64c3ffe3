"""Writes a number of ten million digits, which takes long to read.

kinds: stdio-all
"""

import sys

sys.stdout.write("9" * 10_000_000)
