"""Where an examination gets the processes that run the submission."""

from __future__ import annotations

import socket
from typing import Protocol


class CandidateSource(Protocol):
    """Starts processes that wait for a submission; see `candidate_service` for what they speak."""

    def fresh(self) -> socket.socket:
        """Ends the process before, if there is one, with all that it started, and starts the next.

        Returns:
            The channel to a process that has announced itself and has not seen the submission.

        Raises:
            OSError: If the machine cannot.
        """
        ...
