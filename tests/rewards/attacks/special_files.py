"""Leaves pipes, sockets and links to everywhere in its folders.

kinds: function, beside, stdio
"""

import os
import socket

def digest(values):
    return 0

try:
    os.mkfifo("pipe")
    os.mkfifo("/tmp/pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    for place, target in enumerate(("/", "/etc/passwd", "..", "loop", "/proc/self/fd/0")):
        os.symlink(target, f"link-{place}")
    os.symlink("loop", "loop")
except OSError:
    pass
