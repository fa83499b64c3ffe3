"""What reward functions see of an episode: facts alone, nothing that could change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernels.cell_result import CellResult
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """How long a message and the response are, as far as the caller of the environment knows."""

    message: int | None = None
    """Tokens that were sampled for the message."""
    response: int | None = None
    """Tokens after the prompt up to the end of the message, observations included."""
    limit: int | None = None
    """The most tokens that the response may have."""
    cut: bool = False
    """Whether the message ends where its tokens were spent, not where the model ended it."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One tool call."""

    tool: str
    code: str = ""
    """The cell that ran; empty for calls that run none."""
    result: CellResult | None = None
    """What the cell did."""
    refused: bool = False
    """Whether it was not carried out: no such tool, wrong arguments, or nothing that can be handed in."""


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """One message of the policy, and what came of it."""

    text: str
    calls: tuple[CallFacts, ...] = ()
    parse_error: str = ""
    """Why the message could not be read; empty when it could."""
    answered: bool = False
    """Whether the message handed in a program by itself, without a call."""
    tokens: TokenFacts = field(default_factory=TokenFacts)

    @property
    def void(self) -> bool:
        """Whether neither code nor an answer came of it, as in SimpleTIR (arXiv 2509.02479)."""
        return not self.answered and all(call.refused for call in self.calls)

    @property
    def valid(self) -> bool:
        """Whether it was read, and everything that it asked for was carried out."""
        return not self.parse_error and not any(call.refused for call in self.calls)


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """What happened, as far as rewards can depend on it."""

    verdict: Verdict | None = None
    """None when nothing was judged."""
    submission: str | None = None
    """The program that was handed in."""
    turns: tuple[TurnFacts, ...] = ()
    most_turns: int | None = None
    """How many messages were allowed."""
    truncated: bool = False
    """Whether the episode ended for another reason than a submission."""

    @property
    def response(self) -> str:
        """The text of the last message; empty without one."""
        return self.turns[-1].text if self.turns else ""

    @property
    def tokens(self) -> TokenFacts:
        """The lengths at the last message; nothing is known without one."""
        return self.turns[-1].tokens if self.turns else TokenFacts()

    @property
    def tool_rounds(self) -> int:
        """Messages before the last one that had a call carried out."""
        return sum(any(not call.refused for call in turn.calls) for turn in self.turns[:-1])

    @property
    def void_turns(self) -> int:
        """Messages of which neither code nor an answer came."""
        return sum(turn.void for turn in self.turns)
