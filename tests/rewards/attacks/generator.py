"""Returns a generator, which is true and never runs.

kinds: function, beside
"""

def digest(values):
    yield 0
