"""Returns an empty array, of which every statement is true.

kinds: function, beside
"""

def digest(values):
    import numpy

    return numpy.array([], dtype=int)
