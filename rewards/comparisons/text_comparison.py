"""Whether the output of a program is the expected one.

Pure functions of text, linear in its length. Only ASCII notation counts as a number, `inf` and `nan` in any
spelling that C or Python prints. Two whole numbers are never "about" equal: a tolerance is for fractions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import starmap, zip_longest
from operator import eq
from types import CodeType
from typing import Any

from ..comparison import (
    ExactText,
    FloatText,
    SpecialJudge,
    TextComparison,
    TokenText,
    UnorderedLines,
)
from .same_elements import same_elements
from .tolerance import within_tolerance

_CHUNK = 1 << 16
_LONGEST_NUMBER = 1000
_SPACE = re.compile(r"\s")


class CheckerError(ValueError):
    """The checker program of the task is broken; no output can be judged by it."""


def texts_match(comparison: TextComparison, stdin: str, output: str, expected: str) -> bool:
    """Compares what a program wrote with what it should have written.

    Args:
        comparison: The rule of the task.
        stdin: What the program read; special judges look at it.
        output: What the program wrote.
        expected: The task's answer.

    Returns:
        Whether the output counts as right. A special judge that fails on the output, but not on the expected
        answer, has met a malformed output, which is wrong.

    Raises:
        CheckerError: If a special judge is broken. How long it may run is the caller's to limit.
    """
    match comparison:
        case ExactText():
            return _plain_lines(output).strip() == _plain_lines(expected).strip()
        case TokenText(ignore_case=ignore_case):
            return _tokens_match(_folded(output, ignore_case), _folded(expected, ignore_case))
        case FloatText():
            pairs = zip_longest(_tokens(output), _tokens(expected))
            return all(wrote == wanted or _about_equal(comparison, wrote, wanted) for wrote, wanted in pairs)
        case UnorderedLines():
            return same_elements(_filled_lines(expected), _filled_lines(output))
        case SpecialJudge(source=source):
            return _accepts(source, stdin, output, expected)


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _filled_lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split("\n")))


def _folded(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text


def _tokens_match(output: str, expected: str) -> bool:
    return all(starmap(eq, zip_longest(_tokens(output), _tokens(expected))))


def _tokens(text: str) -> Iterator[str]:
    """Splits at white space, a piece at a time, so that the tokens of a flood are never all in memory."""
    start = 0
    while start < len(text):
        space = _SPACE.search(text, start + _CHUNK)
        end = space.end() if space else len(text)
        yield from text[start:end].split()
        start = end


def _about_equal(comparison: FloatText, wrote: str | None, wanted: str | None) -> bool:
    if wrote is None or wanted is None:
        return False
    if _is_whole(wrote) and _is_whole(wanted):
        return int(wrote) == int(wanted)
    value, target = _number(wrote), _number(wanted)
    if value is None or target is None:
        return False
    return within_tolerance(value, target, comparison.absolute, comparison.relative)


def _is_whole(token: str) -> bool:
    digits = token[1:] if token[0] in "+-" else token
    return len(token) <= _LONGEST_NUMBER and digits.isascii() and digits.isdigit()


def _number(token: str) -> float | None:
    """The token as a number; None when it is none, or one that is too large for a float."""
    if len(token) > _LONGEST_NUMBER or not token.isascii() or "_" in token:
        return None
    try:
        number = float(token)
    except ValueError:
        return None
    return None if math.isinf(number) and "n" not in token.lower() else number


def _accepts(source: str, stdin: str, output: str, expected: str) -> bool:
    code = _checker_code(source)
    try:
        return _call_checker(code, stdin, output, expected)
    except CheckerError:
        raise
    except Exception:  # noqa: BLE001 - checkers trip over malformed outputs, which are wrong answers then
        try:
            _call_checker(code, stdin, expected, expected)
        except Exception as error:
            raise CheckerError(_description("fails on the expected answer", error)) from error
        return False


@lru_cache(maxsize=16)
def _checker_code(source: str) -> CodeType:
    try:
        return compile(source, "<checker>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise CheckerError(_description("does not compile", error)) from error


def _call_checker(code: CodeType, stdin: str, output: str, expected: str) -> bool:
    """Runs the checker in a namespace of its own, so that no output leaves anything to the next one."""
    namespace: dict[str, Any] = {"__name__": "checker"}
    exec(code, namespace)
    if not callable(accepts := namespace.get("accepts")):
        raise CheckerError("the checker program does not define accepts(stdin, output, expected)")
    return bool(accepts(stdin, output, expected))


def _description(problem: str, error: Exception) -> str:
    return f"the checker program {problem}: {type(error).__name__}: {error}"
