"""Builds data that contains itself.

kinds: function, beside, stdio
"""

kept = []
kept.append(kept)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
