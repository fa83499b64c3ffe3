"""Uses metaclasses, slots and properties.

kinds: function, beside, stdio
"""

class Meta(type):
    def __new__(meta, name, bases, space):
        return super().__new__(meta, name, bases, space)

class Adder(metaclass=Meta):
    __slots__ = ("_total",)

    def __init__(self):
        self._total = 0

    def __iadd__(self, n):
        self._total += n
        return self

    @property
    def total(self):
        return self._total

def digest(values):
    adder = Adder()
    for place, n in enumerate(values):
        adder += n ^ place
    return adder.total % 9973 + 17
