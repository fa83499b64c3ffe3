"""Converts integers of many digits.

kinds: function, beside, stdio
"""

import sys

sys.set_int_max_str_digits(0)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

assert len(str(1 << 40_000)) > 12_000
