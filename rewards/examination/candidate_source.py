"""Where an examination gets the processes that run the submission."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Protocol

from ..tests import Language


@dataclass(frozen=True, slots=True)
class ProgramEnd:
    """How one run of a program ended; everything that it had started has ended, too."""

    code: int | None
    """The exit code, or minus the number of a signal; None when its time was up."""
    refused: bool
    """Whether it did not compile; `errors` says why."""
    output: bytes
    """What it wrote to its standard output."""
    flooded: bool
    """Whether that was more than the limit."""
    errors: bytes
    seconds: float
    peak_memory: int


class CandidateSource(Protocol):
    """Starts processes, each alone, without a trace of those before."""

    def fresh(self, answers: int | None = None) -> socket.socket:
        """Ends the process before, if there is one, with all that it started, and starts the next.

        Args:
            answers: A file for its answers, if calls are to be asked for at once.

        Returns:
            The channel to a process that has announced itself and has not seen the submission; with a file it
            announces nothing. See `candidate_service` for what it speaks.

        Raises:
            OSError: If the machine cannot.
        """
        ...

    def started(self) -> bool:
        """Whether the last process came as far as to take a submission; raises `OSError` if nobody knows."""
        ...

    def compile(self, source: str, language: Language) -> ProgramEnd | None:
        """Takes a submission as a program; to be called once, before `run`.

        Args:
            source: The submission.
            language: What it is written in.

        Returns:
            How it failed to compile, as far as that is known before the first run; None if it did not.

        Raises:
            OSError: If the machine cannot.
        """
        ...

    def run(self, stdin: bytes, seconds: float) -> ProgramEnd:
        """Runs the program in a new process.

        Args:
            stdin: What it reads.
            seconds: When it is ended at the latest.

        Raises:
            OSError: If the machine cannot.
        """
        ...
