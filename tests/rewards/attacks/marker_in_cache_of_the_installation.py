"""Leaves modules where the interpreter of the next process looks for them.

kinds: function, beside, stdio
runs: 4
"""

import os
import site
import sys

try:
    import left_before

    found = True
except ImportError:
    found = False
for folder in [*sys.path, site.getusersitepackages(), os.path.dirname(os.__file__), "."]:
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "left_before.py"), "w") as file:
            file.write("")
        if folder != ".":
            sys.path.append(folder)
    except OSError:
        pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
