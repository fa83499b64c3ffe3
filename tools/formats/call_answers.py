"""What a model is told of its message: what each call gave, and what of the message did not count."""

from __future__ import annotations

from collections.abc import Sequence

from ..tool_call import ParsedAction

_INVENTED = "(ignored: the output that you wrote yourself)"
_CUT = "(the message was cut off, because it was too long)"


def answers_to(action: ParsedAction, results: Sequence[str], *, cut: bool = False) -> tuple[str, ...]:
    """One text for each call that was carried out, or one that says what is wrong.

    Args:
        action: What the message asks for.
        results: What the calls gave.
        cut: Whether the message ends where its tokens were spent.
    """
    answers = [action.error] if action.error or not results else list(results)
    if action.error and cut:
        answers[0] += f"\n{_CUT}"
    if action.invented_output:
        answers[0] = f"{_INVENTED}\n{answers[0]}".rstrip("\n")
    if action.left_out:
        answers[-1] = f"{answers[-1]}\n{_left_out(action)}".lstrip("\n")
    return tuple(answers)


def _left_out(action: ParsedAction) -> str:
    more = "1 further call was" if action.left_out == 1 else f"{action.left_out} further calls were"
    most = "1 call" if len(action.calls) == 1 else f"{len(action.calls)} calls"
    return f"({more} not carried out; a message may make {most})"
