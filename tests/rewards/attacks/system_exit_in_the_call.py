"""Raises SystemExit(0) in place of an answer.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

def digest(values):
    raise SystemExit(0)
