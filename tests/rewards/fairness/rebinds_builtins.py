"""Calls its own variables list, id, type, len and max.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

def digest(values):
    id = type = len = max = min = 0
    for place, n in enumerate(values):
        id += n ^ place
    return id % 9973 + 17
