"""Reads what W&B writes offline: its records lie in blocks, as in a LevelDB log."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

_BLOCK, _FILE_HEADER, _PIECE_HEADER = 32768, 7, 7
_WHOLE, _LAST = 1, 4


def records(path: Path) -> Iterator[Any]:
    """The records of a `.wandb` file."""
    data, place, message = path.read_bytes(), _FILE_HEADER, b""
    while place + _PIECE_HEADER <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _PIECE_HEADER:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, place)
        place += _PIECE_HEADER
        message += data[place : place + length]
        place += length
        if kind in (_WHOLE, _LAST):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(message)
            yield record
            message = b""
