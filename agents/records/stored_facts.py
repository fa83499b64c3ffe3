"""What a stored episode says to reward functions."""

from __future__ import annotations

from ...rewards.episode_facts import CallFacts, EpisodeFacts, TurnFacts
from ...rewards.verdict import Verdict
from ...tools.python_interpreter import PythonInterpreter
from ..rollouts.episode import Episode, Turn

_ANSWER = "answer"


def stored_facts(episode: Episode, verdict: Verdict | None, most_turns: int | None) -> EpisodeFacts:
    """The facts of an episode, as they were when it was scored.

    Args:
        episode: The record.
        verdict: The verdict on its submission: the recorded one, or one of today.
        most_turns: How many messages were allowed, where that is known.
    """
    return EpisodeFacts(
        verdict=verdict,
        submission=episode.submission,
        turns=tuple(map(_turn, episode.turns)),
        most_turns=most_turns,
        truncated=episode.submission is None,
    )


def _turn(turn: Turn) -> TurnFacts:
    answered = turn.answered or (turn.protocol == _ANSWER and not turn.void)
    return TurnFacts(turn.action, tuple(_calls(turn)), turn.parse_error, answered, turn.tokens)


def _calls(turn: Turn) -> list[CallFacts]:
    """The calls; of records that do not tell them, one for each cell and, where there is none, none."""
    recorded = len(turn.results) == len(turn.code)
    if not turn.requests:
        return [CallFacts(PythonInterpreter.name, code) for code in turn.code]
    calls = []
    for request in turn.requests:
        ran = request.cell is not None and recorded
        code = turn.code[request.cell] if ran and request.cell is not None else ""
        result = turn.results[request.cell] if ran and request.cell is not None else None
        calls.append(CallFacts(request.tool, code, result, request.refused))
    return calls
