"""The facts of one turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernels.cell_result import CellResult
from ..rewards.episode_facts import CallFacts, TokenFacts, TurnFacts


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What one message asked for and what came of it; two records are equal when all but their timing is."""

    action: str
    observation: str
    calls: int = 0
    """Tool calls that were carried out."""
    code: tuple[str, ...] = ()
    """The cells that ran."""
    results: tuple[CellResult, ...] = field(default=(), compare=False)
    """What the cells did, one for each."""
    host_calls: int = 0
    """Calls of host functions that the cells made."""
    parse_error: str = ""
    protocol: str = ""
    """What the calls were written in, such as `hermes`; `answer` for an answer, empty for neither."""
    repaired: str = ""
    """What was mended to read the calls; empty when they were well formed."""
    left_out: int = 0
    """Calls that were not carried out, because a message may not make so many."""
    answers: tuple[str, ...] = ()
    """What each call gave, one text for a call; `observation` is all of them."""
    invented_output: bool = False
    """Whether the message went on with an output that no interpreter gave."""
    requests: tuple[CallFacts, ...] = field(default=(), compare=False)
    """The calls one by one, as rewards see them."""
    answered: bool = False
    """Whether the message handed in a program by itself, without a call."""
    tokens: TokenFacts = field(default_factory=TokenFacts)
    """How long message and response are, where the caller of `step` said so."""
    seconds: float = field(default=0.0, compare=False)
    wait_seconds: float = field(default=0.0, compare=False)
    """What of `seconds` was waiting for the interpreter."""

    @property
    def facts(self) -> TurnFacts:
        """What rewards see of the turn."""
        return TurnFacts(self.action, self.requests, self.parse_error, self.answered, self.tokens)
