"""Exceptions as a model should read them: the frames of cells and of its own files, without colours."""

from __future__ import annotations

import os
import traceback
from types import TracebackType

TRACEBACK_LIMIT = 16_000
_VALUE_LIMIT = 8_000
_FRAMES = 200


class PrintableError:
    """An exception's value whose `str` cannot raise."""

    def __init__(self, value: BaseException) -> None:
        self._value = value

    def __str__(self) -> str:
        return printable(self._value)


def encodable(text: str) -> str:
    """The text, with lone surrogates escaped, which no message can carry."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(value: BaseException) -> str:
    """The text of an exception, whatever its `__str__` does."""
    try:
        return encodable(cut_middle(str(value), _VALUE_LIMIT))
    except Exception:  # noqa: BLE001 - foreign code behind str()
        return "<the exception has no printable value>"


def format_traceback(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> str:
    """Formats an exception and its causes with the frames of cells and of files in the working folder."""
    report = traceback.TracebackException(kind, value, trace, limit=-_FRAMES, compact=True)
    _trim(report, f"{os.getcwd()}{os.sep}")
    return encodable(cut_middle("".join(report.format()), TRACEBACK_LIMIT))


def cut_middle(text: str, limit: int) -> str:
    """Keeps head and tail of a text that is too long, and says how much is gone."""
    if len(text) <= limit:
        return text
    mark = f"\n[… {len(text) - limit} characters cut …]\n"
    return text[: limit // 2] + mark + text[-(limit // 2) :]


def _trim(report: traceback.TracebackException, folder: str) -> None:
    kept = []
    for frame in report.stack:
        if frame.filename.startswith("<cell "):
            kept.append(frame)
        elif frame.filename.startswith(folder):
            frame.filename = frame.filename.removeprefix(folder)
            kept.append(frame)
    report.stack = traceback.StackSummary.from_list(kept)
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        if other is not None:
            _trim(other, folder)
