"""Has the line ends of Windows.

kinds: function, beside, stdio
"""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
