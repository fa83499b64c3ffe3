"""Iterates for ever and is longer than any address space.

kinds: objects
"""

class Bag:
    def __init__(self, values):
        pass

    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 1 << 62

    def __getitem__(self, place):
        return place

    def total(self):
        return range(1 << 62)

    ordered = mean = counts = total
    largest = property(total)

    def __str__(self):
        return "Bag of " * 1000

def describe(values):
    return Bag(values)
