"""Returns the very object that it got, and changes it later.

kinds: function, beside
"""

kept = []

def digest(values):
    kept.append(values)
    for one in kept:
        one[:] = [29]
    return values
