"""Forks for ever, in every process.

kinds: call, stdio
"""

import os

def digest(values):
    return 0

end = 2000
for _ in range(end):
    try:
        os.fork()
    except OSError:
        pass
