"""Has a class whose objects are compared in a way of their own.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

class Card:
    def __init__(self, rank):
        self.rank = rank

    def __eq__(self, other):
        return self.rank % 13 == other.rank % 13

    def __hash__(self):
        return self.rank % 13

def digest(values):
    assert Card(1) == Card(14)
    assert len({Card(1), Card(14)}) == 1
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
