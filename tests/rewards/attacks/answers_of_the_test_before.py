"""Prints what an earlier test of the same submission left, and leaves a solver for the next one.

kinds: stdio
runs: 2
"""

import os
import sys

values = list(map(int, input().split()))
source = "import sys; v = list(map(int, sys.argv[1:])); print(sum(n ^ p for p, n in enumerate(v)) % 9973 + 17)"
for place in (".", "/tmp", "/dev/shm", os.path.expanduser("~"), "/workspace"):
    path = os.path.join(place, "solver.py")
    if os.path.exists(path):
        os.execv(sys.executable, [sys.executable, path, *map(str, values)])
for place in (".", "/tmp", "/dev/shm", os.path.expanduser("~"), "/workspace"):
    try:
        with open(os.path.join(place, "solver.py"), "x") as file:
            file.write(source)
    except OSError:
        pass
print(0)
