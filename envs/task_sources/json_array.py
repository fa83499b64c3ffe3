"""The elements of a JSON array in a file, one at a time, by looking for brackets outside strings.

An element that is no valid JSON does not hide those after it, as long as its brackets and quotes match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

_STEP = 1 << 20
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},"]', re.DOTALL)
"""A whole string, a bracket, a comma, or the quote of a string that does not end."""


def array_elements(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """Yields the text of each element.

    Args:
        head: The beginning of the file, with the opening bracket.
        stream: The rest of the file.
    """
    buffer = head[head.index(b"[") + 1 :]
    start = place = depth = 0
    while True:
        for found in _TOKEN.finditer(buffer, place):
            token = found[0]
            if token == b'"':
                break
            place = found.end()
            depth += (token in (b"[", b"{")) - (token in (b"]", b"}"))
            if depth < 0 or (token == b"," and depth == 0):
                yield buffer[start : found.start()]
                start = place
            if depth < 0:
                return
        more = stream.read(max(_STEP, len(buffer) - start))
        if not more:
            yield buffer[start:]
            return
        buffer, place, start = buffer[start:] + more, place - start, 0
