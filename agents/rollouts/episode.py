"""The one record of what happened in an episode, for training and for evaluation.

An episode is either scored (`failure is None`) or a failure of the machine, which no statistic may count
as a wrong answer.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ...kernels.cell_result import CellResult
from ...rewards.episode_facts import TokenFacts
from ...rewards.verdict import Verdict
from ..tokens.branch import Branch
from ..tokens.drift import Drift


class StopReason(StrEnum):
    """Why an episode ended."""

    SUBMITTED = "submitted"
    TURN_LIMIT = "turn_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    CELL_LIMIT = "cell_limit"
    PARSE_ERRORS = "parse_errors"
    FAILURE = "failure"


class Failure(StrEnum):
    """Which part of the machine broke."""

    KERNEL = "kernel"
    JUDGE = "judge"
    POLICY = "policy"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(_Record):
    """One tool call of a message."""

    tool: str
    refused: bool = False
    """Whether it was not carried out."""
    cell: int | None = None
    """Which of the turn's cells it ran."""


class Turn(_Record):
    """One message of the policy and what the environment answered."""

    action: str
    observation: str
    answers: tuple[str, ...] = ()
    """What each call gave, where a message made several; `observation` is all of them."""
    code: tuple[str, ...] = ()
    """Cells that ran in this turn."""
    results: tuple[CellResult, ...] = ()
    """What the cells did, one for each, as `kept_result` keeps it; empty in records that lack it."""
    requests: tuple[Request, ...] = ()
    """The tool calls one by one."""
    calls: int = 0
    """Tool calls that were carried out."""
    host_calls: int = 0
    """Calls of host functions made by the cells."""
    parse_error: str = ""
    protocol: str = ""
    """What the calls were written in, such as `hermes`; `answer` for an answer, empty for neither."""
    repaired: str = ""
    """What was mended to read the calls; empty when they were well formed."""
    left_out: int = 0
    """Calls that were not carried out, because a message may not make so many."""
    invented_output: bool = False
    """Whether the message went on with an output that no interpreter gave; it was ignored."""
    answered: bool = False
    """Whether the message handed in a program by itself, without a call."""
    void: bool = False
    """Whether neither code nor an answer came of the message."""
    tokens: TokenFacts = TokenFacts()
    """How long message and response are, as rewards were told."""
    finish_reason: str = "stop"
    stop_ignored: bool = False
    """Whether the endpoint went on after a stop text, so that the rest was cut off here."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    policy_seconds: float = 0.0
    environment_seconds: float = 0.0
    wait_seconds: float = 0.0
    """What of `environment_seconds` was waiting for an interpreter."""


class Episode(_Record):
    """One episode, from the first message to the verdict."""

    id: str
    task_id: str
    policy: str
    group: str = ""
    """Episodes of one group share task and policy, and are compared with each other."""
    sample: int = 0
    fingerprint: str = ""
    """Names everything that decides the episode, from the task to the sampling; empty where nobody asked."""
    attempt: int = 1
    """Which try at this sample it is in its run; the last one counts."""
    step: int | None = None
    """Training step, when it was sampled in training."""
    seed: int | None = None
    messages: tuple[dict[str, str], ...]
    """What the policy was told first: system and user messages."""
    tool_schemas: tuple[dict[str, Any], ...] = ()
    """Schemas of tools that travelled beside the messages."""
    action_format: str = ""
    """How messages were read and answered; empty in records that lack it."""
    turns: tuple[Turn, ...] = ()
    branches: tuple[Branch, ...] = ()
    """What was sampled, with all that the engine saw; more than one when its context broke with the past."""
    drift: Drift | None = None
    """How exact `branches` are; None when no ids are known."""
    submission: str | None = None
    verdict: Verdict | None = None
    reward: float | None = None
    """None exactly when `failure` is set."""
    reward_parts: dict[str, float] = Field(default_factory=dict)
    stop: StopReason
    failure: Failure | None = None
    failure_message: str = ""
    seconds: float = 0.0
    info: dict[str, Any] = Field(default_factory=dict)
    """Whatever the caller wants to remember: split, arm, configuration."""

    @property
    def solved(self) -> bool:
        """True when the submission passed every hidden test."""
        return self.verdict is not None and self.verdict.passed

    @property
    def void_turns(self) -> int:
        """Messages of which neither code nor an answer came."""
        return sum(turn.void for turn in self.turns)

    @property
    def protocols(self) -> dict[str, int]:
        """How many messages wrote their calls in which protocol."""
        return dict(Counter(turn.protocol for turn in self.turns if turn.protocol))

    @property
    def invented_outputs(self) -> int:
        """Messages that went on with an output of their own."""
        return sum(turn.invented_output for turn in self.turns)

    @property
    def tool_calls(self) -> int:
        """Tool calls over all turns."""
        return sum(turn.calls for turn in self.turns)
