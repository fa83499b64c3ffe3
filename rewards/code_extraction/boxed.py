r"""What stands in `\boxed{}`, where models of mathematics put a final answer."""

from __future__ import annotations

import re

from .blocks import blocks_of

BOX = r"\boxed{"
_BRACE = re.compile(r"\\boxed\{(\s*+`{3,}+)?|[{}]")


def boxed_of(text: str) -> str | None:
    """The last answer in a box; None when there is none.

    Braces in it are balanced, unless it is a fenced block, in which anything may stand.
    """
    found, place = None, 0
    openings: list[int] = []
    while (brace := _BRACE.search(text, place)) is not None:
        place = brace.end()
        if brace[1]:
            found = (brace.start(1), len(text))
            closing = text.find(f"\n{brace[1].strip()}", place)
            place = closing if closing >= 0 else len(text)
        elif brace[0] != "}":
            openings.append(place)
        elif openings:
            start = openings.pop()
            found = (start, brace.start()) if text.endswith(BOX, 0, start) else found
    if found is None:
        return None
    inside = text[found[0] : found[1]].strip()
    block = next(iter(blocks_of(inside)), None) if inside.startswith("```") else None
    return block.code if block else inside
