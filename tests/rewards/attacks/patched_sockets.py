"""Replaces the methods of sockets and selectors.

kinds: function, beside
"""

import select
import socket
import struct

def digest(values):
    return 0

socket.socket.recv = lambda self, size, *_: b"\0" * size
socket.socket.sendall = lambda self, data, *_: None
select.select = lambda *_: ([], [], [])
struct.Struct.pack = lambda self, *_: b"\0\0\0\0"
