"""Writes bytes that are not UTF-8, between digits.

kinds: stdio-all
"""

import os

os.write(1, b"2\xff9\xfe\n\x00")
