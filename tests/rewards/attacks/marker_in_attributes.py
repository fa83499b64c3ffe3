"""Leaves its marks where files are only described: times, attributes, locks and names of hosts.

kinds: function, beside, stdio
runs: 4
"""

import fcntl
import os
import socket

found = socket.gethostname() == "left-before"
for path in (".", "..", "/tmp", "/dev/shm", "/", "/dev/null", "/workspace", os.__file__):
    try:
        found = found or os.stat(path).st_mtime == 86400
        found = found or b"x" == os.getxattr(path, "user.left")
    except OSError:
        pass
for path in ("/tmp", "/dev/shm", "."):
    try:
        os.setxattr(path, "user.left", b"x")
    except OSError:
        pass
    try:
        os.utime(path, (86400, 86400))
    except OSError:
        pass
    try:
        handle = os.open(path, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        found = True
    except OSError:
        pass
try:
    socket.sethostname("left-before")
except OSError:
    pass

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
