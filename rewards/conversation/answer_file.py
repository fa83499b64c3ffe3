"""Answers to calls that were asked for at once: they wait in a file that outlives the process.

One record is a number of seconds, a length and the encoded answer. Nothing in it is worth more than if it had
come over the channel: it is read once, and every part is checked.
"""

from __future__ import annotations

import os
import struct
from os import pread, write

_HEAD = struct.Struct("<dI")
AHEAD = b"ahead:"
"""How a message begins that asks for more calls at once; no encoded value begins so."""
VALUE = b"="
"""How an answer begins that is a value and nothing else; no encoded value begins so."""
ROOM = 1 << 20
"""Bytes of answers that may wait; what does not fit goes over the channel."""


def note(file: int, seconds: float, text: bytes) -> None:
    """Adds a record at the end; by the process that answers."""
    write(file, _HEAD.pack(seconds, len(text)) + text)


def read(file: int) -> list[tuple[float, bytes]]:
    """The complete records of a file."""
    data = pread(file, 2 * ROOM, 0)
    records = []
    place = 0
    while place + _HEAD.size <= len(data):
        seconds, size = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        if place + size > len(data):
            break
        records.append((seconds, data[place : place + size]))
        place += size
    return records


def empty(file: int) -> None:
    """Makes room for the answers to the next calls."""
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
