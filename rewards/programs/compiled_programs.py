"""Programs that were compiled lately, by what they were compiled from: a batch compiles its source once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from .program import Program

_MAX_BYTES = 64 << 20


class CompiledPrograms:
    """Binaries, the most recently used of them, within a bound of bytes.

    A binary comes from the compiler's own stage, in which no code of the program has run yet, and its key is
    all that the compiler could read.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._binaries: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def find(self, program: Program) -> bytes | None:
        """The binary of a program, if it is still here."""
        key = _key(program)
        if key in self._binaries:
            self._binaries.move_to_end(key)
        return self._binaries.get(key)

    def add(self, program: Program, binary: bytes) -> None:
        """Keeps a binary, and lets go of the oldest."""
        key = _key(program)
        if key in self._binaries or len(binary) > self._max_bytes:
            return
        self._binaries[key] = binary
        self._bytes += len(binary)
        while self._bytes > self._max_bytes:
            _, oldest = self._binaries.popitem(last=False)
            self._bytes -= len(oldest)


def _key(program: Program) -> bytes:
    digest = hashlib.sha256()
    for part in (program.language.value.encode(), program.source.encode(), *_files(program)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _files(program: Program) -> list[bytes]:
    return [part for path, data in sorted(program.files.items()) for part in (path.encode(), data)]
