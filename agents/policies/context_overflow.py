"""What an endpoint says when a conversation does not fit into its context.

Each server has words of its own. Where they tell how much it can hold and how long the prompt is, a shorter
message may still fit.
"""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"context[ _](?:length|size|window)|exceed_context_size|maximum context|"
    r"(?:longer|larger|greater) than the (?:model'?s )?(?:maximum )?(?:context|model length|input)",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:context (?:length|window|size)[^0-9]{0,40}|n_ctx'?\"?: ?|context size \()([\d,]+)", re.IGNORECASE
)
_PROMPT = re.compile(
    r"([\d,]+) (?:tokens )?(?:in the messages|in the prompt|in your prompt|input tokens|tokens from the input"
    r"|prompt tokens|from the input)|n_prompt_tokens'?\"?: ?([\d,]+)",
    re.IGNORECASE,
)


def is_context_overflow(message: str) -> bool:
    """Whether this refusal of a request speaks of the length of its context."""
    return _WORDS.search(message) is not None


def room_left(message: str) -> int | None:
    """The tokens that an answer may have, where the refusal tells them and some are left."""
    window, prompt = _WINDOW.search(message), _PROMPT.search(message)
    if window is None or prompt is None:
        return None
    room = _number(window[1]) - _number(prompt[1] or prompt[2])
    return room if room > 0 else None


def _number(text: str) -> int:
    return int(text.replace(",", ""))
