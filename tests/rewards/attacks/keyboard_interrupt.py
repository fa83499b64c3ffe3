"""Raises KeyboardInterrupt, which test runners take for the wish of a person.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

def digest(values):
    raise KeyboardInterrupt
