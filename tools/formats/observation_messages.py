"""Chat messages that answer calls: blocks in one user message, or one tool message for each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .fenced_syntax import render_block

Messages = tuple[Mapping[str, str], ...]


def output_blocks(answers: Sequence[str]) -> Messages:
    """One message of the user, with a block for each answer."""
    content = "\n".join(render_block(answer, "output") for answer in answers)
    return ({"role": "user", "content": content},)


def tool_messages(answers: Sequence[str]) -> Messages:
    """One message of a tool for each answer; the chat template puts it between its tags."""
    return tuple({"role": "tool", "content": answer} for answer in answers)


def plain_message(answers: Sequence[str]) -> Messages:
    """One message of the user that holds the answers as they are."""
    return ({"role": "user", "content": "\n".join(answer for answer in answers if answer)},)
