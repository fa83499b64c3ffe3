"""How values are written, and how a change is noticed, without trust in the values."""

from __future__ import annotations

import array
import collections
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.tools.debugger import boot
from replgym.tools.debugger.inside.alarm import Alarm
from replgym.tools.debugger.inside.main import COMMANDS
from replgym.tools.debugger.inside.source import Source
from replgym.tools.debugger.inside.values import ValueText, cut, fingerprint

TEXTS = ValueText(Alarm())
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


class Held:
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        raise AssertionError("nobody asks the value")

    def __hash__(self) -> int:
        raise AssertionError("nobody asks the value")


class Loud(dict[Any, Any]):
    def items(self) -> Any:
        raise AssertionError("nobody asks the value")

    def __len__(self) -> int:
        return super().__len__()


@given(DATA)
def test_a_value_that_stays_has_one_fingerprint(value: object) -> None:
    assert fingerprint(value) == fingerprint(value)


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1, 2], lambda v: v.append(3)),
        ([[0], [0]], lambda v: v[1].append(1)),
        ({"a": [1]}, lambda v: v["a"].clear()),
        ({1}, lambda v: v.add(2)),
        (collections.deque([1]), lambda v: v.appendleft(0)),
        (collections.Counter("a"), lambda v: v.update("a")),
        (bytearray(b"ab"), lambda v: v.__setitem__(0, 1)),
        (array.array("i", [1]), lambda v: v.__setitem__(0, 2)),
        (Held(1), lambda v: setattr(v, "value", 2)),
        (Held([1]), lambda v: v.value.append(2)),
        (Loud(a=1), lambda v: v.__setitem__("a", 2)),
        (list(range(10**5)), lambda v: v.pop()),
        (list(range(10**5)), lambda v: v.__setitem__(-1, None)),
    ],
)
def test_a_change_is_noticed(value: Any, change: Any) -> None:
    before = fingerprint(value)
    change(value)
    assert fingerprint(value) != before


def test_a_value_that_holds_itself_is_no_trap() -> None:
    value: list[Any] = [1]
    value.append(value)
    assert fingerprint(value) == fingerprint(value)
    assert "..." in TEXTS.short(value)


@given(DATA, st.integers(20, 200))
def test_texts_are_as_short_as_asked_and_on_one_line(value: object, width: int) -> None:
    text = TEXTS.short(value, width)
    assert len(text) <= width + 30
    assert "\n" not in text


def test_objects_are_written_by_what_they_hold() -> None:
    assert TEXTS.short(Held([1, Held("x")])) == "<Held value=[1, <Held value='x'>]>"
    assert TEXTS.short(10**5000) == "<int of 16610 bits>"
    assert TEXTS.short(len) == "<built-in function len>"
    assert (
        TEXTS.short(TEXTS.short)
        == "<bound method ValueText.short of <replgym.tools.debugger.inside.values.ValueText object>>"
    )
    assert TEXTS.short("\ud800") == r"'\ud800'"
    assert cut("a" * 100, 40) == "a" * 30 + "…[60 cut]…" + "a" * 10


def test_places_of_a_program() -> None:
    source = Source(
        '''\
import os

class Box:
    """A box."""

    def put(self, x):
        """Puts."""
        return x

@staticmethod
def put(x): return x
'''
    )
    assert source.functions == {"Box.put": 8, "put": 11}
    assert source.place_of("Box.put") == (8, "")
    assert source.place_of("put") == (11, "")
    assert Source("class A:\n  def f(self):\n    pass\n").place_of("f") == (3, "")
    assert source.place_of("2") == (3, "line 2 has no code")
    assert source.place_of("6") == (8, "line 6 defines Box.put; this is its first line")
    with pytest.raises(LookupError, match="line 40 has no code; the program has 11 lines"):
        source.place_of("40")


def test_every_module_of_the_debugger_is_sent_to_interpreters() -> None:
    folder = Path(boot.__file__).parent / "inside"
    assert sorted(boot._MODULES) == sorted(
        path.stem for path in folder.glob("*.py") if path.stem != "__init__"
    )


def test_the_documentation_lists_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs" / "debugger.md").read_text().replace("\\|", "|")
    for command in COMMANDS:
        others = "".join(f", `{name}`" for name in command.names[1:])
        assert f"| `{command.usage}`{others} | {command.about} |" in page
