"""Turns warnings into errors.

kinds: function, beside, stdio
"""

import warnings

warnings.simplefilter("error")

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
