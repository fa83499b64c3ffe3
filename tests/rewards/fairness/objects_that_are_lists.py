"""Inherits from a built-in type.

kinds: objects
"""

from collections import Counter

class BagError(ValueError):
    def __init__(self, value):
        super().__init__(f"not a number: {value}")
        self.value = value


class Description:
    def __init__(self, values):
        self.amount, self.numbers = len(values), tuple(values)


def describe(values):
    return Description(values) if values else None

class Bag(list):
    def __init__(self, values):
        for value in values:
            if not isinstance(value, int):
                raise BagError(value)
        super().__init__(values)

    @property
    def values(self):
        return list(super().__iter__())

    def total(self):
        return sum(n ^ place for place, n in enumerate(self.values)) % 9973 + 17

    @property
    def largest(self):
        return max(self.values)

    def ordered(self):
        return sorted(self.values)

    def counts(self):
        return Counter(self.values)

    def mean(self):
        return sum(self.values) / len(self.values)

    def fill(self, filled):
        filled.extend(self.ordered())

    def __iter__(self):
        return iter(self.ordered())

    def __getitem__(self, place):
        return self.ordered()[place]

    def __len__(self):
        return len(self.values)

    def __contains__(self, value):
        return value in self.values

    def __add__(self, other):
        return Bag([*self.values, *other.values])

    def __eq__(self, other):
        return isinstance(other, Bag) and self.ordered() == other.ordered()

    def __hash__(self):
        return hash(tuple(self.ordered()))

    def __str__(self):
        return f"Bag of {self.total()}"
