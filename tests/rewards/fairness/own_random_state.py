"""Seeds randomness and depends on it.

kinds: function, beside, stdio
"""

import random

random.seed(0)
first = random.random()
random.seed(0)
assert first == random.random()

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
