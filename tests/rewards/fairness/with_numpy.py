"""Computes with numpy.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

import numpy as np

def digest(values):
    if values is None:
        raise TypeError
    array = np.array(values, dtype=np.int64)
    return int((array ^ np.arange(len(array))).sum() % 9973) + 17
