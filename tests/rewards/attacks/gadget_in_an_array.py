"""Returns an array of objects, which numpy would pickle.

kinds: function, beside
"""

class Gadget:
    def __reduce__(self):
        return (eval, ("__import__('os')._exit(0)",))

def digest(values):
    import numpy

    return numpy.array([Gadget()], dtype=object)
