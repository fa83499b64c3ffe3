"""Texts become what a tool's schema wants, and texts where it wants texts."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from replgym.tools import make_parser
from replgym.tools.submit import Submit
from replgym.tools.typed_arguments import typed_arguments


class Arguments(BaseModel):
    """Arguments of several types."""

    code: str
    count: int = 0
    quick: bool = False
    names: list[str] = []
    label: str | None = None
    limit: float | None = None


class Typed(Submit):
    """A tool with them."""

    arguments: type[BaseModel] = Arguments


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("code", "3", "3"),
        ("code", "[1]", "[1]"),
        ("count", "3", 3),
        ("quick", "true", True),
        ("names", '["a", "b"]', ["a", "b"]),
        ("label", "3", "3"),
        ("limit", "null", None),
        ("limit", "0.5", 0.5),
        ("count", " many ", "many"),
        ("unknown", "3", "3"),
    ],
)
def test_a_text_is_read_where_no_text_is_wanted(name: str, text: str, value: Any) -> None:
    call = f"<tool_call><function=a><parameter={name}>\n{text}\n</parameter></function></tool_call>"
    (parsed,) = make_parser("xml").parse(call).calls
    assert parsed.arguments == {name: text}
    assert typed_arguments(Typed(), parsed.arguments) == {name: value}


def test_what_is_no_text_stays() -> None:
    assert typed_arguments(Typed(), {"count": 3, "names": ["3"]}) == {"count": 3, "names": ["3"]}
