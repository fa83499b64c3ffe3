"""Crashes the interpreter, which a judge could take for a fault of the machine.

kinds: function, beside, stdio
"""

import ctypes

def digest(values):
    return ctypes.string_at(0)
