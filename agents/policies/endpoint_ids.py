"""Token ids and logprobs in an answer of the chat-completions API, from endpoints that give them.

vLLM and SGLang answer `return_token_ids` with fields of their own; nothing is guessed where they are missing.
"""

from __future__ import annotations

from typing import Any


def ids_of(answer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the endpoint saw and what it sampled; both are empty unless both are there."""
    choice = answer.choices[0]
    prompt = getattr(answer, "prompt_token_ids", None) or getattr(choice, "prompt_token_ids", None)
    sampled = getattr(choice, "token_ids", None) or getattr(choice, "response_token_ids", None)
    if not prompt or not sampled:
        return (), ()
    return tuple(prompt), tuple(sampled)


def logprobs_of(choice: Any, count: int) -> tuple[float, ...]:
    """One logprob for each sampled id; empty where there are not as many."""
    entries = getattr(getattr(choice, "logprobs", None), "content", None) or ()
    values = tuple(entry.logprob for entry in entries)
    return values if len(values) == count else ()
