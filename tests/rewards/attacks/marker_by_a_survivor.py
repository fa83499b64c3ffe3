"""Leaves a process that tells the next one, over sockets, that it was there.

kinds: function, beside, stdio
runs: 4
"""

import os
import socket
import time

found = False
for family, address in (
    (socket.AF_UNIX, "\0left-before"),
    (socket.AF_UNIX, "/tmp/left-before"),
    (socket.AF_INET, ("127.0.0.1", 45_117)),
):
    try:
        with socket.socket(family) as channel:
            channel.settimeout(0.1)
            channel.connect(address)
            found = True
    except OSError:
        pass
if not found and os.fork() == 0:
    os.setsid()
    servers = []
    for family, address in (
        (socket.AF_UNIX, "\0left-before"),
        (socket.AF_UNIX, "/tmp/left-before"),
        (socket.AF_INET, ("127.0.0.1", 45_117)),
    ):
        try:
            server = socket.socket(family)
            server.bind(address)
            server.listen()
            servers.append(server)
        except OSError:
            pass
    time.sleep(30)
    os._exit(0)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 if found else 0
