"""Returns the set of all possible answers.

kinds: function, beside
"""

def digest(values):
    return set(range(17, 9990))
