"""Rows of files, one at a time: JSON lines, JSON arrays and parquet, plain or compressed.

Memory is bounded by the largest row, not by the file. A line that is no JSON object is told as such and
reading goes on.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from .json_array import array_elements
from .row_error import RowError

_PARQUET_ROWS = 16
_PARQUET_BUFFER = 1 << 20
_SNIFFED = 4096


@dataclass(frozen=True, slots=True)
class FileRow:
    """The values of one row, or what is wrong with it."""

    number: int
    """From 1."""
    values: Mapping[str, Any] | RowError
    excerpt: str = ""
    """The beginning of a row that cannot be read."""


class UnknownFormatError(ValueError):
    """The suffix of a file is not one that can be read."""


def rows_of_file(path: Path) -> Iterator[FileRow]:
    """Reads a file by its suffix: `.jsonl`, `.json` or `.parquet`; the first two also `.gz` and `.zst`.

    Raises:
        UnknownFormatError: If it has another suffix.
        OSError: If the file cannot be read.
    """
    packing = path.suffix if path.suffix in _OPENERS else ""
    inner = path.name.removesuffix(packing).rpartition(".")[2]
    if inner == "parquet" and not packing:
        yield from _parquet_rows(path)
    elif inner in ("jsonl", "json"):
        with _OPENERS[packing](path) as stream:
            yield from _json_rows(stream)
    else:
        raise UnknownFormatError(f"{path}: use .jsonl, .json (both also .gz or .zst) or .parquet")


def _json_rows(stream: IO[bytes]) -> Iterator[FileRow]:
    """An array when the first character is `[`, else one object a line."""
    head = stream.read(_SNIFFED)
    is_array = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    texts = array_elements(head, stream) if is_array else _lines(head, stream)
    number = 0
    for text in texts:
        if text.strip():
            number += 1
            yield _object(number, text)


def _lines(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    whole = head.removeprefix(b"\xef\xbb\xbf") + stream.readline()
    yield from whole.splitlines()
    yield from stream


def _object(number: int, text: bytes) -> FileRow:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return FileRow(number, RowError("row", text, f"it must be JSON: {error}"), _excerpt(text))
    if not isinstance(value, dict):
        return FileRow(number, RowError("row", value, "it must be a JSON object"), _excerpt(text))
    return FileRow(number, value)


def _excerpt(text: bytes) -> str:
    return text[:2000].decode(errors="replace")


def _parquet_rows(path: Path) -> Iterator[FileRow]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path, buffer_size=_PARQUET_BUFFER, pre_buffer=False) as file:
        number = 0
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS, use_threads=False):
            for values in batch.to_pylist():
                number += 1
                yield FileRow(number, values)


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_gzip(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(path, "rb"))


def _open_zstandard(path: Path) -> IO[bytes]:
    import zstandard

    opened: IO[bytes] = zstandard.open(path, "rb")
    return opened


_OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {
    "": _open_plain,
    ".gz": _open_gzip,
    ".zst": _open_zstandard,
}
