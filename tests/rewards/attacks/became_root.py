"""Tries to become another user.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

for number in (0, 1000, 65534):
    for change in (os.setuid, os.setgid, os.seteuid, os.setegid):
        try:
            change(number)
        except OSError:
            pass
try:
    os.setgroups([0])
except OSError:
    pass
