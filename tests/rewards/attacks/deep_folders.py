"""Makes folders so deep that cleaning up by recursion fails, with a name that cannot be decoded at the end.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

try:
    for _ in range(1500):
        os.mkdir(b"d\xff")
        os.chdir(b"d\xff")
    os.chmod("..", 0)
except OSError:
    pass
