"""Recognises a folder that was used before, by its number of links, its times and its inode.

kinds: function, beside, stdio
runs: 4
"""

import os

found = os.path.exists("used")
for place in (".", "/tmp", "/dev/shm"):
    try:
        names = os.listdir(place)
    except OSError:
        continue
    found = found or any(name.startswith("left") for name in names)
    try:
        os.mkdir(os.path.join(place, "left-" + "x" * 100))
        os.chmod(os.path.join(place, "left-" + "x" * 100), 0)
    except OSError:
        pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
