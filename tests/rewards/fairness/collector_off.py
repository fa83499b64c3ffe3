"""Turns the garbage collector off and the switch interval up.

kinds: function, beside, stdio
"""

import gc
import sys

gc.disable()
sys.setswitchinterval(1)
gc.freeze()

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
