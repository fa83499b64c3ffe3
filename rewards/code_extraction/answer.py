"""What stands between `<answer>` tags."""

from __future__ import annotations

_OPENING, _CLOSING = "<answer>", "</answer>"


def answer_of(text: str) -> str | None:
    """The last answer of a message; None when there is none.

    A complete one comes first; one without an end counts too, since engines may stop at the closing tag.
    """
    end = text.rfind(_CLOSING)
    start = text.rfind(_OPENING, 0, end) if end >= 0 else -1
    if start >= 0:
        return text[start + len(_OPENING) : end]
    start = text.rfind(_OPENING)
    return text[start + len(_OPENING) :] if start >= 0 else None
