"""Ends without a newline, behind a form feed.

kinds: function, beside
"""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17