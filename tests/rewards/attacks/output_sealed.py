"""Seals and locks the files behind its standard streams.

kinds: stdio
"""

import fcntl

for number in (0, 1, 2):
    for seals in (0x1F, 0x08):
        try:
            fcntl.fcntl(number, 1033, seals)
        except OSError:
            pass
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.fcntl(number, fcntl.F_SETFL, 0o20000)
    except OSError:
        pass
print(0)
