"""A zstandard file as a stream of bytes, which tells a file that is cut off from one that ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PACKED = 1 << 16


class ZstandardFile(io.RawIOBase):
    """Reads one frame after the other; a frame without its end raises `EOFError`."""

    def __init__(self, path: Path) -> None:
        """Opens the file."""
        super().__init__()
        self._file = path.open("rb")
        self._parts = self._unpacked()
        self._left = b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer; 0 bytes are the end."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def close(self) -> None:
        """Closes the file; idempotent."""
        self._file.close()
        super().close()

    def _unpacked(self) -> Iterator[bytes]:
        import zstandard

        frames, frame, packed = zstandard.ZstdDecompressor(), None, b""
        while packed := packed or self._file.read(_PACKED):
            frame = frame or frames.decompressobj()
            yield frame.decompress(packed)
            packed = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
        if frame is not None:
            raise EOFError("the last frame has no end")
