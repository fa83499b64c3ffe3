"""The program in a completion, as the data set routes take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..code_extraction import blocks_of, extract_code
from ..tests import Language

_Origin = Literal["fenced", "incomplete_fenced", "heuristic", "empty"]


@dataclass(frozen=True, slots=True)
class CompletionCode:
    """A program and where it stood."""

    source: str
    origin: _Origin

    @classmethod
    def find(cls, completion: str, language: Language) -> CompletionCode:
        """The first fenced block of the language, or else what reads like a program."""
        found = extract_code("first-block", completion, language=language)
        if found is not None:
            closed = any(block.closed and block.code == found for block in blocks_of(completion))
            return cls(found, "fenced" if closed else "incomplete_fenced")
        policy = "longest-parsing" if language is Language.PYTHON else "whole-text"
        found = extract_code(policy, completion, language=language)
        return cls("", "empty") if found is None else cls(found, "heuristic")
