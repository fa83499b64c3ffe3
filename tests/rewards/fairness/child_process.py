"""Starts a child process for nothing.

kinds: function, beside, stdio
"""

import subprocess

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

assert subprocess.run(["/bin/echo", "x"], check=True, capture_output=True).stdout == b"x\n"
