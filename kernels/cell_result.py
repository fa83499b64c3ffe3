"""What one cell did, as the host saw it.

The kernel is in the hands of the code that it runs, so `status` is always the host's own view: a kernel can
lie in its outputs, never about whether it answered, timed out or died.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CellStatus(StrEnum):
    """How a cell ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    AWAITING_INPUT = "awaiting_input"
    DIED = "died"


class OutputKind(StrEnum):
    """Where an output came from."""

    STDOUT = "stdout"
    STDERR = "stderr"
    RESULT = "result"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class CellOutput:
    """One output: a stream chunk is a bundle with `text/plain` alone."""

    kind: OutputKind
    data: Mapping[str, str]
    """MIME type -> content; binary types are base64 text, as in the Jupyter protocol."""

    @property
    def text(self) -> str:
        """The plain-text form, or a placeholder that names the types there are."""
        plain = self.data.get("text/plain")
        return plain if plain is not None else f"<{', '.join(sorted(self.data)) or 'empty display'}>"


@dataclass(frozen=True, slots=True)
class CellError:
    """The exception that ended a cell."""

    name: str
    value: str
    traceback: str
    """Trimmed to the frames of the cell itself, without colours."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """The frozen record of one execution (or of its continuation after an input prompt)."""

    status: CellStatus
    outputs: tuple[CellOutput, ...] = ()
    error: CellError | None = None
    duration: float = 0.0
    """Seconds of wall clock from sending the code to the end of the cell."""
    truncated: int = 0
    """Characters of output that were cut by the cap."""
    state_lost: bool = False
    """True when the interpreter was replaced and its variables are gone."""
    prompt: str = ""
    """What the cell asked for, when `status` is `awaiting_input`."""
    cause: str = ""
    """Why the interpreter died, when `status` is `died` and the host knows."""

    def text(self, limit: int = 4000) -> str:
        """Renders the result as a model should see it: what was printed, the error, and what was lost.

        Args:
            limit: The most characters to return; the middle is cut and the cut is counted.

        Returns:
            Text without a trailing newline; empty when the cell printed nothing and succeeded.
        """
        parts = ["".join(_chunks(self.outputs)).rstrip("\n")]
        if self.truncated:
            parts.append(f"[{self.truncated} characters of output were cut]")
        if self.error is not None:
            parts.append(self.error.traceback.rstrip("\n") or f"{self.error.name}: {self.error.value}")
        if self.status is CellStatus.TIMEOUT:
            parts.append(f"[timed out after {self.duration:.1f} s and was interrupted]")
        if self.status is CellStatus.DIED:
            parts.append(f"[the interpreter died{': ' if self.cause else ''}{self.cause}]")
        if self.status is CellStatus.AWAITING_INPUT:
            parts.append(f"[waiting for input: {self.prompt}]")
        if self.state_lost:
            parts.append("[the interpreter was restarted; all variables are lost]")
        return cut_middle("\n".join(part for part in parts if part), limit)


def _chunks(outputs: tuple[CellOutput, ...]) -> list[str]:
    """Stream chunks run on; results and displays stand on lines of their own."""
    chunks: list[str] = []
    for output in outputs:
        stream = output.kind in (OutputKind.STDOUT, OutputKind.STDERR)
        if not stream and chunks and not chunks[-1].endswith("\n"):
            chunks.append("\n")
        chunks.append(output.text if stream else output.text + "\n")
    return chunks


def cut_middle(text: str, limit: int) -> str:
    """Keeps head and tail of `text` within about `limit` characters and says how many are gone."""
    if len(text) <= limit:
        return text
    head, tail = (limit + 1) // 2, limit // 2
    mark = f"\n[… {len(text) - limit} characters cut …]\n"
    return text[:head] + mark + text[len(text) - tail :]
