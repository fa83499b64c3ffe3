"""Imports where it needs, modules that nothing else has imported.

kinds: function, beside, stdio
"""

def digest(values):
    import colorsys
    import fractions
    import statistics

    return int(fractions.Fraction(sum(n ^ place for place, n in enumerate(values)) % 9973)) + 17
