"""Reads its own source.

kinds: function, beside, check-beside, pytest-beside
"""

import inspect

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

assert "enumerate" in inspect.getsource(digest)
