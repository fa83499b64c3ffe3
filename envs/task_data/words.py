"""The words of a text, as similar texts share them: lower case, no punctuation, one alphabet form."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

_WORD = re.compile(r"\w+")
_BYTES = 8


def words_of(text: str) -> list[str]:
    """The words in their order."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def normalised(text: str) -> str:
    """The text in lower case with single spaces; punctuation stays, since it may be all that differs."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def hashed(words: list[str]) -> int:
    """A signed number of 64 bits for these words, the same on every machine and in every run."""
    digest = blake2b(" ".join(words).encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)


def hashed_runs(words: list[str], length: int) -> dict[int, int]:
    """The hash of every run of `length` words -> where it begins; a shorter text is one run."""
    if not words:
        return {}
    count = max(1, len(words) - length + 1)
    return {hashed(words[place : place + length]): place for place in range(count)}
