"""Values that contest sets write in many ways: lists as text, limits with units, dates, statements."""

from __future__ import annotations

import ast
import datetime
import hashlib
import re

from ...rewards.tests import CallTests, Language, StdioTests, Tests
from .raw_row import RawRow

_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)")
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SEVERAL_ANSWERS = re.compile(
    r"(?:multiple|several|more than one|many)\s+(?:possible\s+|correct\s+|valid\s+|optimal\s+|such\s+)*"
    r"(?:answers?|solutions?|ways|outputs?)[^.]{0,60}\b(?:any|one)\b"
    r"|\b(?:print|output|return|find|report)\s+any\s*(?:[.,;:)]|(?:of|one|such|valid|correct|suitable)\b)"
    r"|\b(?:print|output|return|answer)\w*\b[^.]{0,80}\bin any order\b"
    r"|\bany (?:one )?of them\b|\bany (?:valid|correct|possible|suitable) (?:answer|solution|one)\b",
    re.IGNORECASE,
)
SEVERAL_ANSWERS = "several-answers"
"""Tag of a task with more than one right answer, whose tests know only one: no fair judge of submissions."""


def listed(row: RawRow, field: str) -> tuple[str, ...]:
    """Texts of a list, or of a list written as text; a field that is missing, null or empty gives none.

    Raises:
        RowError: If there is something else.
    """
    value = row.values.get(field)
    if isinstance(value, str):
        if not value.strip():
            return ()
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise row.error(field, "it must be a list, or the text of one") from error
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise row.error(field, "it must be a list of texts")
    return tuple(value)


def first_solution(row: RawRow, field: str = "solutions") -> str | None:
    """The first of a list of sources, or of a list written as JSON text; None when there is none.

    Raises:
        RowError: If there is something else.
    """
    value = row.values.get(field)
    if isinstance(value, str):
        if not value.strip():
            return None
        value = row.decoded(field)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise row.error(field, "it must be a list of sources")
    return next((source for source in value if source.strip()), None)


def seconds(text: str, default: float) -> float:
    """`2.0 seconds`, `1500 ms` or `2`; the default when there is no number in it."""
    found = _AMOUNT.match(text)
    if not found or float(found[1]) <= 0:
        return default
    return float(found[1]) / (1000 if found[2].lower().startswith(("ms", "milli")) else 1)


def size(text: str) -> int | None:
    """`256.0 megabytes` in bytes; None when there is no number with a unit in it."""
    found = _AMOUNT.match(text)
    unit = _UNITS.get(found[2][:1].lower()) if found else None
    return int(float(found[1]) * unit) or None if found and unit else None


def day(text: str) -> datetime.date | None:
    """The date at the beginning of an ISO text; None when there is none."""
    try:
        return datetime.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def digest(text: str) -> str:
    """An identity for rows that have none: the same for the same text, wherever it stands."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def flags(statement: str) -> tuple[str, ...]:
    """The tag of a statement that says that more than one answer is right; a heuristic on English wording."""
    return (SEVERAL_ANSWERS,) if _SEVERAL_ANSWERS.search(statement) else ()


def contest_prompt(statement: str, tests: Tests, starter_code: str = "") -> str:
    """What a model is told: how its program is called, the statement, and the code to start from."""
    if isinstance(tests, StdioTests):
        language = "C++" if tests.language is Language.CPP else "Python"
        ask = (
            f"Solve this problem with a whole {language} program that reads standard input and writes "
            "standard output."
        )
    elif starter_code.strip():
        ask = "Solve this problem: submit a whole Python program that completes the given code."
    elif isinstance(tests, CallTests):
        ask = f"Solve this problem: submit a whole Python program that defines `{tests.entry_point}`."
    else:
        ask = "Solve this problem with a whole Python program."
    prompt = f"{ask}\n\n{statement.strip()}"
    if starter_code.strip():
        prompt += f"\n\n```python\n{starter_code.strip()}\n```"
    return prompt
