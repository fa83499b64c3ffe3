"""Messages as models write them, over all protocols: what each asks for, and what is said of it."""

from __future__ import annotations

import pytest

from replgym.tools import make_parser

from .corpus import CASES, Case

READINGS = [(case, name) for case in CASES for name in case.formats.split()]


@pytest.mark.parametrize(
    ("case", "name"), READINGS, ids=lambda value: value.name if isinstance(value, Case) else value
)
def test_a_message_asks_for(case: Case, name: str) -> None:
    action = make_parser(name).parse(case.text)
    assert (action.calls, action.no_call) == (case.calls, case.no_call)
    assert (action.protocol, action.invented_output, action.left_out) == (
        case.protocol,
        case.invented,
        case.left_out,
    )
    assert case.repaired in action.repaired
    assert bool(case.repaired) == bool(action.repaired)
    assert case.error in action.error
    assert bool(case.error) == bool(action.error)
    assert case.said in (None, action.text)


def test_the_corpus_is_large_and_names_its_messages_apart() -> None:
    assert len(CASES) >= 120
    assert len({(case.name, case.text) for case in CASES}) == len(CASES)
    assert {name for case in CASES for name in case.formats.split()} == {
        *("auto", "code", "fenced", "hermes", "json", "native", "xml")
    }
