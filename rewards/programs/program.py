"""A program to run, and what it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ProgramLanguage(StrEnum):
    """What a program is written in, or how it is run."""

    PYTHON = "python"
    PYTEST = "pytest"
    CPP = "cpp"
    BASH = "bash"


@dataclass(frozen=True, slots=True)
class Program:
    """One source with its surroundings."""

    source: str
    language: ProgramLanguage = ProgramLanguage.PYTHON
    stdin: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Relative path in the working directory -> content."""
    fetch: tuple[str, ...] = ()
    """Relative paths of files that are wanted when the program has ended."""
    arguments: tuple[str, ...] = ()
    """More words for its command line."""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """What one run may use."""

    seconds: float = 10.0
    """Wall clock of the run."""
    compile_seconds: float = 10.0
    """Wall clock of the compiler, where there is one."""
    memory: int | None = None
    """Bytes of address space of each of its processes; what the runner allows by default."""
    output: int = 4 << 20
    """Bytes of standard output, and as many of standard error."""
    fetched: int = 16 << 20
    """Bytes of all fetched files together."""
