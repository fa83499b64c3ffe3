"""Compiles short sources that break compilers.

kinds: function, beside, stdio
"""

def digest(values):
    return 0

for text in ("-" * 10**6 + "1", "(" * 10**5, "a" + ".b" * 10**5, "(1 << 19**8,) * 4**7", "x = " * 10**5 + "0"):
    try:
        compile(text, "bomb", "exec")
    except (SyntaxError, MemoryError, RecursionError, OverflowError):
        pass
