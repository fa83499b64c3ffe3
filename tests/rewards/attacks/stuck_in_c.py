"""Is stuck in C code, where no Python signal handler runs.

kinds: call, assert-beside, stdio
"""

import re

def digest(values):
    return re.match("(a+)+$", "a" * 64 + "b")
