"""How a program ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class StageEnd(StrEnum):
    """How one of the two stages of a run ended."""

    EXITED = "exited"
    """By itself or by a signal; see `return_code`."""
    TIMEOUT = "timeout"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True)
class StageResult:
    """The compiler's stage or the program's own."""

    end: StageEnd
    return_code: int | None = None
    """The exit code, or minus the number of a signal; None where it was stopped for a limit."""
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    """Bytes that its largest process held at most."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.end is StageEnd.EXITED and self.return_code == 0


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """Both stages and the files that were asked for."""

    run: StageResult | None
    """None when the program did not compile."""
    compilation: StageResult | None = None
    """None for a language without a compiler."""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether it compiled, if it had to, and ended with exit code 0."""
        return self.run is not None and self.run.succeeded
