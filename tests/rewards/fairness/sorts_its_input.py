"""Changes the list that it got, and needs the change.

kinds: function, beside, stdio
"""

def digest(values):
    pairs = list(enumerate(values))
    values.sort()
    values[:] = [n ^ place for place, n in pairs]
    return sum(values) % 9973 + 17
