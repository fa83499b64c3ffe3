"""Returns one of numpy's integers, which equals the built-in one.

kinds: check, assert, check-beside, assert-beside, stdio
"""

import numpy as np

def digest(values):
    return np.int64(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
