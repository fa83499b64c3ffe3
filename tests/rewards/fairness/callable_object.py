"""Is an object that can be called.

kinds: function, beside, stdio
"""

class Digest:
    def __init__(self, modulus):
        self.modulus = modulus

    def __call__(self, values):
        return sum(n ^ place for place, n in enumerate(values)) % self.modulus + 17

digest = Digest(9973)  # def digest(values)
