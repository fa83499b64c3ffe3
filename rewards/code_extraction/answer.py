"""What stands between `<answer>` tags."""

from __future__ import annotations

OPENING, _CLOSING, _THOUGHTS = "<answer>", "</answer>", "</think>"


def answer_of(text: str) -> str | None:
    """The last answer of a message; None when there is none.

    What was only thought is no answer, if there is one after it. A complete answer comes first; one without
    an end counts too, since engines may stop at the closing tag. Tags inside an answer, as in a program that
    reads them, do not split it.
    """
    said = text.rpartition(_THOUGHTS)[2]
    text = said if OPENING in said else text
    end = text.rfind(_CLOSING)
    if end < 0 or OPENING not in text[:end]:
        _, opening, answer = text.rpartition(OPENING)
        return answer if opening else None
    start = text.find(OPENING, text.rfind(_CLOSING, 0, end) + 1, end)
    start = start if start >= 0 else text.find(OPENING)
    return text[start + len(OPENING) : end]
