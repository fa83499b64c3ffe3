"""Raises an exception whose message raises.

kinds: function, beside
"""

class Bad(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__

def digest(values):
    raise Bad
