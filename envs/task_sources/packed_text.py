"""Texts that were pickled, compressed and written in base64, read without ever running a pickle.

A pickle is a program. This one is only looked at, instruction by instruction: it must push one text and stop.
Anything else, such as a class, a call or a number, is refused before anything happens, and a size limit stops
what would unfold into more memory than there is.
"""

from __future__ import annotations

import base64
import binascii
import io
import pickletools
import zlib

_TEXTS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_HARMLESS = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"})
_MOST_BYTES = 256 << 20


class PackedTextError(ValueError):
    """Not a packed text, or too large a one."""


def unpack_text(packed: str, *, most_bytes: int = _MOST_BYTES) -> str:
    """Decodes base64, decompresses with zlib and reads the pickled text.

    Args:
        packed: The packed text.
        most_bytes: How large it may become.

    Raises:
        PackedTextError: If it is broken, larger, or a pickle of anything but one text.
    """
    try:
        compressed = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PackedTextError(f"it is no base64: {error}") from error
    return pickled_text(_decompressed(compressed, most_bytes))


def pickled_text(pickled: bytes) -> str:
    """The text in a pickle of one `str`, by reading its instructions and running none.

    Raises:
        PackedTextError: If it is broken, or a pickle of anything else.
    """
    found: str | None = None
    stream = io.BytesIO(pickled)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name in _TEXTS and found is None:
                found = argument
            elif opcode.name == "STOP":
                break
            elif opcode.name not in _HARMLESS:
                raise PackedTextError(f"it pickles more than one text: {opcode.name}")
    except PackedTextError:
        raise
    except (ValueError, OverflowError, MemoryError) as error:
        raise PackedTextError(f"it is no pickle: {error}") from error
    if found is None or stream.read(1):
        raise PackedTextError("it does not pickle one text")
    return found


def _decompressed(compressed: bytes, most_bytes: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        plain = engine.decompress(compressed, most_bytes)
    except zlib.error as error:
        raise PackedTextError(f"it is no zlib stream: {error}") from error
    if engine.unconsumed_tail or (not engine.eof and len(plain) >= most_bytes):
        raise PackedTextError(f"it unfolds to more than {most_bytes} bytes")
    if not engine.eof or engine.unused_data:
        raise PackedTextError("its zlib stream is cut off, or something follows it")
    return plain
