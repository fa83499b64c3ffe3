"""Whether a cell did the same again, and what in its output differs."""

from __future__ import annotations

import difflib
import hashlib
import re
from enum import StrEnum

from ...kernels.cell_result import CellResult
from ..rollouts.kept_result import PICTURES

_MOST = 20_000
_VOLATILE = (
    (re.compile(r"\b0x[0-9a-fA-F]{4,}\b"), "0x…"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "<date and time>"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(\.\d+)?\b"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)?(e-?\d+)? ?(ns|µs|us|ms|s|sec|secs|seconds?|min|minutes?)\b"), "<duration>"),
    (re.compile(r"\bin \d+\.\d+\b"), "in <duration>"),
    (re.compile(r"/tmp/[\w.+-]+(/[\w.+-]+)*"), "/tmp/…"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b(pid|PID|process|Process)([ =:]+)\d+"), r"\1\2<number>"),
)
"""What may differ between runs of the same code, and what stands for it when two outputs are compared."""


class Likeness(StrEnum):
    """How an output compares with the recorded one."""

    SAME = "same"
    VOLATILE = "volatile"
    """The same but for addresses, times and the like."""
    DIFFERENT = "different"

    @classmethod
    def of(cls, old: str, new: str) -> Likeness:
        """Compares two outputs."""
        if old == new:
            return cls.SAME
        return cls.VOLATILE if settled(old) == settled(new) else cls.DIFFERENT


def settled(text: str) -> str:
    """The text without what may differ between runs of the same code."""
    for pattern, stand_in in _VOLATILE:
        text = pattern.sub(stand_in, text)
    return text


def shown_result(result: CellResult) -> str:
    """Everything a cell did, as text that can be compared; pictures by their hash."""
    pictures = [
        f"[{kind} {hashlib.sha256(output.data[kind].encode()).hexdigest()[:12]}]"
        for output in result.outputs
        for kind in PICTURES
        if kind in output.data
    ]
    return "\n".join(filter(None, (result.text(_MOST), *pictures)))


def difference(old: str, new: str) -> list[str]:
    """The lines of a unified diff, without its head."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "recorded", "replayed", lineterm="", n=2)
    return list(lines)[2:]
