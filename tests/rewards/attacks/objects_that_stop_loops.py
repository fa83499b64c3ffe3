"""Raises StopIteration and its kin wherever it is asked.

kinds: objects
"""

class Bag:
    def __init__(self, values):
        pass

    def stop(self, *_):
        raise StopIteration

    total = ordered = counts = mean = fill = __iter__ = __next__ = __len__ = __str__ = __getitem__ = stop
    __eq__ = __add__ = stop
    largest = property(stop)

def describe(values):
    raise GeneratorExit
