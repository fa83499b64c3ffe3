"""The seam between the service and whatever runs programs."""

from __future__ import annotations

from typing import Protocol

from .program import Program, ProgramLimits
from .program_result import ProgramResult


class ProgramError(ValueError):
    """A program that cannot be run as it is, such as one with a file outside of its folder."""


class LanguageMissingError(ProgramError):
    """What a language needs is not installed on the judge's machine."""


class ProgramRunner(Protocol):
    """Runs programs that nobody trusts, each in a sandbox of its own."""

    async def run(self, program: Program, limits: ProgramLimits) -> ProgramResult:
        """Runs one program to its end, or to the end of its time.

        What the program does to itself is a result, never an exception. When the call is cancelled, the
        program dies.

        Raises:
            ProgramError: If the program cannot be run as it is.
            JudgeError: If the machine failed, again and again.
        """
        ...

    async def protections(self) -> tuple[str, ...]:
        """What programs are kept from on this machine."""
        ...

    async def close(self) -> None:
        """Ends everything that runs; idempotent."""
        ...
