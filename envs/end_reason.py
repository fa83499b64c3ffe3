"""Why an episode ended, as `info["stop"]` says it."""

from __future__ import annotations

from enum import StrEnum


class EndReason(StrEnum):
    """The reason; the first one terminates, the others truncate."""

    SUBMITTED = "submitted"
    TURN_LIMIT = "turn_limit"
    TIME_LIMIT = "time_limit"
    CELL_LIMIT = "cell_limit"
    TOKEN_LIMIT = "token_limit"
    PARSE_ERRORS = "parse_errors"
    FAILURE = "failure"
