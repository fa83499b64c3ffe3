"""The policies by name: which part of a message is the program.

Blocks that name the language of the task come first, then those that name none; blocks of outputs and of
other languages are never taken. A block that is cut off counts only when there is no complete one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..tests import Language
from .answer import OPENING, answer_of
from .blocks import CodeBlock, blocks_of
from .boxed import BOX, boxed_of
from .parsing_span import longest_parsing_span


@dataclass(frozen=True, slots=True)
class CodeExtraction:
    """One policy."""

    find: Callable[[str, Language], str | None]
    """Message and language of the task -> the program; None when there is none."""
    shape: str
    """One sentence for a model: what its answer must look like."""
    write: Callable[[str], str]
    """Program -> a message from which `find` takes it."""
    mark: str = ""
    """What an answer begins with, so that code before it is none; empty where nothing tells them apart."""
    of_cells: bool = False
    """Whether the answer is what the cells of the episode hold, where cells run."""


_TAGS: Mapping[Language, frozenset[str]] = MappingProxyType(
    {
        Language.PYTHON: frozenset({"python", "python3", "py", "py3", "ipython"}),
        Language.CPP: frozenset({"cpp", "c++", "cc", "cxx", "c"}),
    }
)


class UnknownCodeExtractionError(ValueError):
    """No policy has this name; the message names those that exist."""


def extract_code(policy: str, text: str, *, language: Language = Language.PYTHON) -> str | None:
    """The program in a message.

    Args:
        policy: A name in `CODE_EXTRACTIONS`.
        text: The message.
        language: What the program is written in.

    Returns:
        The source, never blank, or None when the policy finds none.

    Raises:
        UnknownCodeExtractionError: If no policy has this name.
    """
    extraction = CODE_EXTRACTIONS.get(policy)
    if extraction is None:
        raise UnknownCodeExtractionError(
            f"unknown code extraction {policy!r}; use one of: {', '.join(CODE_EXTRACTIONS)}"
        )
    code = extraction.find(text, language)
    return code if code is not None and code.strip() else None


def _candidates(text: str, language: Language) -> list[str]:
    blocks = [block for block in blocks_of(text) if block.code.strip()]
    named = [block for block in blocks if block.language in _TAGS[language]]
    chosen: list[CodeBlock] = named or [block for block in blocks if not block.language]
    whole = [block.code for block in chosen if block.closed]
    return whole or [block.code for block in chosen]


def _last_block(text: str, language: Language) -> str | None:
    return next(reversed(_candidates(text, language)), None)


def _first_block(text: str, language: Language) -> str | None:
    return next(iter(_candidates(text, language)), None)


def _all_joined(text: str, language: Language) -> str | None:
    return "\n".join(_candidates(text, language)) or None


def _longest_parsing(text: str, language: Language) -> str | None:
    if language is Language.PYTHON:
        return longest_parsing_span(text)
    return max(_candidates(text, language), key=lambda code: code.count("\n"), default=None)


def _answer_tag(text: str, language: Language) -> str | None:
    answer = answer_of(text)
    if answer is None:
        return None
    return _all_joined(answer, language) if blocks_of(answer) else answer.strip()


def _boxed(text: str, language: Language) -> str | None:
    return boxed_of(text)


def _whole_text(text: str, language: Language) -> str | None:
    return text


def _fenced(source: str) -> str:
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", source))])
    return f"{fence}\n{source}\n{fence}"


def _tagged(source: str) -> str:
    return f"<think></think>\n<answer>\n{_fenced(source)}\n</answer>"


def _in_box(source: str) -> str:
    return f"{BOX}\n{_fenced(source)}\n}}"


def _bare(source: str) -> str:
    return source


_BLOCK = "Write the whole program in one fenced block, such as ```python."
_TAGS_AND_BLOCK = (
    "Think between <think> and </think>, then write the whole program in one fenced block, such as "
    "```python, between <answer> and </answer>."
)
CODE_EXTRACTIONS: Mapping[str, CodeExtraction] = MappingProxyType(
    {
        "all-joined": CodeExtraction(_all_joined, _BLOCK, _fenced),
        "answer-tag": CodeExtraction(_answer_tag, _TAGS_AND_BLOCK, _tagged, OPENING),
        "boxed": CodeExtraction(_boxed, r"Put the final answer in \boxed{}.", _in_box, BOX),
        "first-block": CodeExtraction(_first_block, _BLOCK, _fenced),
        "last-block": CodeExtraction(_last_block, _BLOCK, _fenced),
        "last-cell": CodeExtraction(_last_block, _BLOCK, _fenced, of_cells=True),
        "longest-parsing": CodeExtraction(_longest_parsing, _BLOCK, _fenced),
        "whole-text": CodeExtraction(_whole_text, "Write only the program.", _bare),
    }
)
"""Name -> policy."""
