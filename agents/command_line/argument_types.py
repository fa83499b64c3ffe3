"""Values of options: each function reads one, or says what is wrong with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def number(what: str, low: float, high: float, *, above: bool = False) -> Callable[[str], float]:
    """A reader of numbers from `low` (left out where `above`) to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high or (above and value == low):
            bound = f"above {low:g}" if above else f"of at least {low:g}"
            most = "" if high == float("inf") else f" and at most {high:g}"
            raise argparse.ArgumentTypeError(f"{text!r} is no {what} {bound}{most}")
        return value

    return read


seconds = number("number of seconds", 0, 1e9, above=True)
share = number("number", 0, 1, above=True)
temperature = number("number", 0, 100)
price = number("price", 0, 1e9)
cost = number("cost", 0, 1e12, above=True)


def urls(text: str) -> list[str]:
    """Addresses between commas."""
    return [url for url in (part.strip() for part in text.split(",")) if url]


def whole_numbers(text: str) -> Sequence[int]:
    """`1,2,3`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of levels; write them as 1,2,3")
    return tuple(int(part) for part in parts)


def json_object(text: str) -> Mapping[str, Any]:
    """A JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'{text!r} is no JSON object; write one such as {{"a": 1}}')
    return value


def rubric(text: str) -> Any:
    """A preset's name, or what the JSON says; the environment checks it."""
    return json_object(text) if text.lstrip().startswith("{") else text
