"""Rows of files, one at a time: JSON lines, JSON arrays and parquet, plain or compressed.

Memory is bounded by the largest row, not by the file, and a row by `LARGEST_ROW`. A line that is no JSON
object is told as such and reading goes on; a file that is cut off or damaged ends with a row that says so.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .json_array import array_elements
from .row_error import RowError
from .zstandard_file import ZstandardFile

LARGEST_ROW = 256 << 20
"""Bytes of a row; a longer one is a mistake."""
_PARQUET_ROWS = 16
_BUFFER = 1 << 20
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
    packing = path.suffix if path.suffix in (".gz", ".zst") else ""
    inner = path.name.removesuffix(packing).rpartition(".")[2]
    if inner not in ("jsonl", "json") and (inner != "parquet" or packing):
        raise UnknownFormatError(f"{path}: use .jsonl, .json (both also .gz or .zst) or .parquet")
    number = 0
    try:
        for row in _parquet_rows(path) if inner == "parquet" else _packed_json_rows(path, packing):
            number = row.number
            yield row
    except _damages(inner, packing) as error:
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"
        yield FileRow(number + 1, RowError("file", path.name, f"it is cut off or damaged: {told}"))


def _damages(inner: str, packing: str) -> tuple[type[Exception], ...]:
    """What the readers of a format raise when a file is not whole."""
    if inner == "parquet":
        import pyarrow

        return (pyarrow.ArrowInvalid, OSError)
    if packing == ".zst":
        import zstandard

        return (zstandard.ZstdError, EOFError)
    return (EOFError, gzip.BadGzipFile, zlib.error)


def _packed_json_rows(path: Path, packing: str) -> Iterator[FileRow]:
    with _open(path, packing) as stream:
        yield from _json_rows(stream)


def _json_rows(stream: io.BufferedReader) -> Iterator[FileRow]:
    """An array when the first character is `[`, else one object a line."""
    is_array = stream.peek(_SNIFFED).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    number = 0
    for text in array_elements(stream, largest=LARGEST_ROW) if is_array else _lines(stream):
        if text.strip():
            number += 1
            yield _object(number, text)


def _lines(stream: io.BufferedReader) -> Iterator[bytes]:
    while line := stream.readline(LARGEST_ROW):
        yield line
        while len(line) == LARGEST_ROW and not line.endswith(b"\n"):
            line = stream.readline(LARGEST_ROW)


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

    with pyarrow.parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
        number = 0
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS, use_threads=False):
            for values in batch.to_pylist():
                number += 1
                yield FileRow(number, values)


def _open(path: Path, packing: str) -> io.BufferedReader:
    if packing == ".gz":
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(path, "rb")), _BUFFER)
    return io.BufferedReader(ZstandardFile(path) if packing else path.open("rb", buffering=0), _BUFFER)
