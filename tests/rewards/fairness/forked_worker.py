"""Computes in a forked child and reads the result from a pipe.

kinds: function, beside, stdio
"""

import os

def digest(values):
    if values is None:
        raise TypeError
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, str(_inner(values)).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reader, 99))

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
