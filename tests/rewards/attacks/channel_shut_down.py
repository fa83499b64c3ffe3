"""Shuts its socket down on one side.

kinds: function, beside
"""

import socket

def digest(values):
    for number in range(3, 16):
        try:
            channel = socket.socket(fileno=number)
            channel.shutdown(socket.SHUT_WR)
            channel.detach()
        except OSError:
            pass
    return 0
