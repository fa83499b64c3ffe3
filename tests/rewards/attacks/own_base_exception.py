"""Raises a BaseException of its own, which `except Exception` lets through.

kinds: function, beside, stdio
"""

class Done(BaseException):
    pass

def digest(values):
    raise Done
