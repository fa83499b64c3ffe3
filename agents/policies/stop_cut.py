"""Where a message ends that was sampled by an engine which did not see its stop texts.

What comes before does not depend on what comes after, so the ids up to the one that completes a stop text
are what an engine that had ended there would have sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


def length_to_stop(
    decode: Callable[[Sequence[int]], str], ids: Sequence[int], stop: Sequence[str]
) -> int | None:
    """How many ids there are up to the first one that completes a stop text; None when none does."""

    def stopped(length: int) -> bool:
        text = decode(ids[:length])
        return any(each in text for each in stop)

    if not stop or not stopped(len(ids)):
        return None
    low, high = 0, len(ids)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if stopped(middle) else (middle, high)
    return high
