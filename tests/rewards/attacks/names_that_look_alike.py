"""Defines names that normalise to the ones that it attacks.

kinds: function, beside
"""

def ｄigest(values):
    return True

ᵃll = ｅxactly_equal = lambda *_: True
