"""Special methods answer with what the interpreter does not expect.

kinds: objects
"""

class Bag:
    def __init__(self, values):
        pass

    def __len__(self):
        return -1

    def __bool__(self):
        return 2

    def __hash__(self):
        return "hash"

    def __str__(self):
        return 7

    def __iter__(self):
        return 7

    def __eq__(self, other):
        return NotImplemented

    def __getattr__(self, name):
        raise KeyError(name)

    def __float__(self):
        return "nan"

    def __index__(self):
        return 1.5

    total = ordered = counts = mean = lambda self: self

def describe(values):
    return Bag(values)
