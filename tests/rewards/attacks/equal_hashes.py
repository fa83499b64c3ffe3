"""Returns a set whose elements all have the same hash, which makes it slow to build.

kinds: call
"""

def digest(values):
    prime = (1 << 61) - 1
    return [prime * place for place in range(1, 20_000)]
