"""Is a partial function.

kinds: function, beside, stdio
"""

from functools import partial, reduce

def generic(modulus, offset, values):
    return reduce(lambda total, pair: total + (pair[0] ^ pair[1]), enumerate(values), 0) % modulus + offset

digest = partial(generic, 9973, 17)  # def digest(values)
