"""Is what a textbook would show.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
