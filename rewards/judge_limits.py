"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class JudgeLimits:
    """Limits of one grade; the time limit belongs to the task."""

    memory: int = 2 << 30
    """Bytes of address space of each of its processes."""
    examiner_memory: int = 2 << 30
    """The same of the examiner, which holds the tests and the answers."""
    processes: int = 64
    """Processes and threads that it may have at a time."""
    open_files: int = 256
    """Open descriptors of each process."""
    output: int = 16 << 20
    """Bytes that a program may write to its standard output, and to its standard error."""
    file_size: int = 32 << 20
    """Bytes of each file that it writes."""
    workspace: int = 128 << 20
    """Bytes of all its files, where they lie in memory of their own."""
    source: int = 1 << 20
    """Characters of source."""
    start_seconds: float = 60.0
    """Seconds for a slot to be up; later is a failure of the machine."""
    compile_seconds: float = 30.0
    """Seconds that a compiler may take; they do not count against the time limit."""
    grace_seconds: float = 3.0
    """Seconds after the time limit until the examiner itself is ended."""
    retries: int = 2
    """How often a failure of the machine is tried again."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "retries":
                if value < 0:
                    raise ValueError(f"JudgeLimits.retries is {value!r}; it must not be negative")
            elif value <= 0:
                raise ValueError(f"JudgeLimits.{field.name} is {value!r}; it must be positive")
