"""Writes a null character and an answer behind it.

kinds: stdio-all
"""

import os

os.write(1, b"\x00" * 1000 + b"29")
