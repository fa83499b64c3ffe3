"""Looks for a control socket among its descriptors and orders another process of itself over it.

kinds: function, beside, stdio
"""

import os
import socket

def digest(values):
    return 0

for number in range(3, 64):
    try:
        channel = socket.socket(fileno=os.dup(number))
    except OSError:
        continue
    for order in (b'{"d":[["run",true]]}', b'{"op":"run"}', b"clean", b'{"d":[["clean",true]]}'):
        try:
            channel.send(len(order).to_bytes(4, "big") + order, socket.MSG_DONTWAIT)
        except OSError:
            pass
