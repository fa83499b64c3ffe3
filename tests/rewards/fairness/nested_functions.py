"""Uses nonlocal names in nested functions and generators.

kinds: function, beside, stdio
"""

def digest(values):
    total = 0

    def add(n):
        nonlocal total
        total += n

    def pairs():
        yield from enumerate(values)

    for place, n in pairs():
        add(n ^ place)
    return total % 9973 + 17
