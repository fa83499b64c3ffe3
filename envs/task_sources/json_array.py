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


def array_elements(stream: IO[bytes], *, largest: int) -> Iterator[bytes]:
    """Yields the text of each element.

    Args:
        stream: The file.
        largest: Bytes of an element; reading ends at one that is longer.
    """
    buffer, start, place, depth = b"", 0, 0, -1
    while True:
        for found in _TOKEN.finditer(buffer, place):
            token = found[0]
            if token == b'"':
                break
            place = found.end()
            depth += (token in (b"[", b"{")) - (token in (b"]", b"}"))
            if token == b"[" and depth == 0:
                start = place
            elif depth < 0 or (token == b"," and depth == 0):
                yield buffer[start : found.start()]
                start = place
            if depth < 0:
                return
        more = stream.read(max(_STEP, len(buffer) - start))
        if not more or len(buffer) - start > largest:
            yield buffer[start:]
            return
        buffer, place, start = buffer[start:] + more, place - start, 0
