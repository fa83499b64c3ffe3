"""Returns numpy's masked constant, whose comparisons are neither true nor false.

kinds: function, beside
"""

def digest(values):
    import numpy

    return numpy.ma.masked
