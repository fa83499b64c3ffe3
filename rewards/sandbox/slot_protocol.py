"""What the host and the server of a slot say to each other: jobs in, boards out."""

from __future__ import annotations

import json
import struct
from typing import Any

JOB, ABORT = b"J", b"\0"
"""The first byte of a job; a wish to cut the examination off, which may come too late and is skipped then."""
HEADER = struct.Struct(">QQdd")
"""Bytes of the tests, bytes of the rest of the job, the time limit in seconds, how much longer to wait."""
LENGTH = struct.Struct(">Q")
"""Bytes of a board, which has a JSON object in each line."""


def line(message: dict[str, Any]) -> bytes:
    """One line of a board."""
    return json.dumps(message).encode() + b"\n"
