"""Defines its own print for one value.

kinds: function, beside, stdio
"""

import builtins

def print(value="", *rest):
    builtins.print(value, *rest)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
