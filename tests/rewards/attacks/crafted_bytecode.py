"""Runs bytecode that reads and writes beyond its own frame.

kinds: function, beside
"""

def digest(values):
    def inner():
        return 0

    inner.__code__ = inner.__code__.replace(co_code=b"\x64\x7f" * 8 + b"\x53\x00", co_stacksize=1)
    return inner()
