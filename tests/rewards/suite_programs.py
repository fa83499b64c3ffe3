"""The programs of the attack and the fairness suite, one a file, and the hidden tests that they meet.

All answer the same task: `digest(values)` is `sum(n ^ place) % 9973 + 17`; whole programs read the values
from one line and print the answer. A file says in its docstring, or its first comment, what it does, and in a
line `kinds: ...` which hidden tests it is for; `runs: N` has it judged N times in a row, `not on: LEVEL` says
that it needs what a level of isolation does not have.

A second task is about objects: `Bag(values)` and `describe(values)`, for what classes of a submission may do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from replgym.rewards import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    Language,
    PytestTests,
    StdioCase,
    StdioTests,
    Tests,
    UnittestTests,
)
from replgym.rewards.comparison import FloatText, SpecialJudge, TextComparison, TokenText, UnorderedLines
from replgym.rewards.tests import PlacementChoice

INPUTS = ([4, 1, 7], [9], list(range(30)), [-5, 0, 5])


def digest(values: list[int]) -> int:
    """The right answer."""
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17


ANSWERS = tuple((values, digest(values)) for values in INPUTS)
_LISTED = ", ".join(f"({values}, {answer})" for values, answer in ANSWERS)

_CHECK = (
    "def check(candidate):\n"
    + "".join(f"    assert candidate({values}) == {answer}\n" for values, answer in ANSWERS)
    + f"    assert all(map(lambda case: candidate(case[0]) == case[1], [{_LISTED}]))\n"
    + f"    for values, answer in [{_LISTED}]:\n        assert candidate(list(values)) in {{answer}}\n"
)
_PLAIN_CHECK = "def check(candidate):\n" + "".join(
    f"    assert candidate({values}) == {answer}\n" for values, answer in ANSWERS
)

_PYTEST = f"""
import pytest
from solution import digest

@pytest.fixture
def cases():
    return [{_LISTED}]

@pytest.mark.parametrize(("values", "answer"), [{_LISTED}])
def test_case(values, answer):
    assert digest(values) == answer

def test_all(cases):
    for values, answer in cases:
        assert digest(values) == pytest.approx(answer)

class TestErrors:
    def test_type(self):
        with pytest.raises(TypeError):
            digest(None)
        assert digest([9]) == {digest([9])}
"""

_PYTEST_LITERAL = f"""
import pytest
from solution import digest

def test_first():
    assert digest({INPUTS[0]}) == {digest(INPUTS[0])}

def test_others():
    assert digest({INPUTS[2]}) == pytest.approx({digest(INPUTS[2])})
    assert digest({INPUTS[3]}) == {digest(INPUTS[3])}

class TestErrors:
    def test_type(self):
        with pytest.raises(TypeError):
            digest(None)
        assert digest([9]) == {digest([9])}
"""

_COMPUTED = """
import unittest

def reference(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

class TestDigest(unittest.TestCase):
    def test_each(self):
        for size in range(1, 4):
            self.assertEqual(digest(list(range(size))), reference(list(range(size))))
"""
"""Both sides are computed where the test runs, so that nothing of it can be proven beside a submission."""

_UNITTEST = f"""
import unittest

class TestDigest(unittest.TestCase):
    def setUp(self):
        self.cases = [{_LISTED}]

    def test_equal(self):
        self.assertEqual(digest({INPUTS[0]}), {digest(INPUTS[0])})

    def test_each(self):
        for values, answer in self.cases:
            with self.subTest(values=values):
                self.assertEqual(digest(values), answer)

    def test_others(self):
        self.assertTrue(digest({INPUTS[2]}) == {digest(INPUTS[2])})
        self.assertAlmostEqual(digest({INPUTS[3]}), {digest(INPUTS[3])})
        self.assertIn(digest([9]), [{digest([9])}])

    def test_error(self):
        with self.assertRaises(TypeError):
            digest(None)
        self.assertIsInstance(digest([9]), int)
        self.assertFalse(digest([9]) != {digest([9])})
"""

_OBJECTS = """
import unittest

from solution import Bag, describe

class TestBag(unittest.TestCase):
    def test_total(self):
        self.assertEqual(Bag([4, 1, 7]).total(), 26)

    def test_largest(self):
        self.assertEqual(Bag([4, 1, 7]).largest, 7)

    def test_ordered(self):
        self.assertEqual(Bag([4, 1, 7]).ordered(), [1, 4, 7])

    def test_iteration(self):
        self.assertEqual(list(Bag([4, 1, 7])), [1, 4, 7])
        for found, wanted in zip(Bag([4, 1]), (1, 4)):
            self.assertEqual(found, wanted)

    def test_item(self):
        self.assertEqual(Bag([4, 1, 7])[0], 1)
        self.assertIn(Bag([4, 1, 7])[1], {4})

    def test_length(self):
        self.assertEqual(len(Bag([4, 1, 7])), 3)
        self.assertTrue(Bag([4]).total() == 21)

    def test_filled(self):
        filled = []
        Bag([4, 1, 7]).fill(filled)
        self.assertEqual(filled, [1, 4, 7])

    def test_order_of_calls(self):
        first = Bag([4, 1, 7]).total()
        second = Bag([9])
        self.assertEqual(first, 26)
        self.assertEqual(second.total(), 26)

    def test_sum(self):
        both = Bag([4]) + Bag([1])
        self.assertEqual(both.total(), 21)
        self.assertEqual(both.largest, 4)

    def test_text(self):
        self.assertEqual(str(Bag([9])), "Bag of 26")
        self.assertEqual(f"{Bag([4])}", "Bag of 21")

    def test_equality(self):
        self.assertTrue(Bag([1, 2]) == Bag([2, 1]))
        self.assertFalse(Bag([1]) == Bag([2]))
        self.assertEqual(Bag([9]).total(), 26)

    def test_contents(self):
        self.assertTrue(9 in Bag([9]))
        self.assertFalse(8 in Bag([9]))
        self.assertEqual(Bag([1, 1, 2]).counts(), {1: 2, 2: 1})

    def test_mean(self):
        self.assertAlmostEqual(Bag([1, 2]).mean(), 1.5)
        self.assertGreater(Bag([1, 2]).mean(), 1.4)
        self.assertEqual(sum(Bag([1, 2])), 3)

    def test_error(self):
        with self.assertRaises(ValueError) as caught:
            Bag(["x"])
        self.assertEqual(caught.exception.value, "x")
        self.assertEqual(str(caught.exception), "not a number: x")

    def test_description(self):
        self.assertEqual(describe([4, 1, 7]).amount, 3)
        self.assertEqual(describe([4, 1, 7]).numbers, (4, 1, 7))

    def test_no_description(self):
        self.assertEqual(describe([]), None)
"""

_OBJECTS_PYTEST = """
import pytest
import solution
from solution import Bag

@pytest.mark.parametrize(("values", "total"), [([4, 1, 7], 26), ([9], 26), ([4], 21)])
def test_total(values, total):
    assert Bag(values).total() == total

def test_parts():
    bag = solution.Bag([4, 1, 7])
    assert bag.ordered() == [1, 4, 7]
    assert [*bag] == [1, 4, 7]
    assert bag.largest == 7
    assert bag.counts() == {1: 1, 4: 1, 7: 1}

def test_numbers():
    assert Bag([1, 2]).mean() == pytest.approx(1.5)
    assert max(Bag([4, 1, 7])) == 7
    assert sorted(Bag([4, 1]), reverse=True) == [4, 1]

def test_same_object():
    bag = Bag([4])
    before = bag.total()
    assert (before, bag.largest, len(bag)) == (21, 4, 1)

def test_error():
    with pytest.raises(ValueError, match="not a number: x"):
        Bag(["x"])
    assert Bag([9]).total() in (26,)
"""

_OBJECTS_ASSERT = (
    "assert Bag([4, 1, 7]).total() == 26",
    "assert Bag([4, 1, 7]).ordered() == [1, 4, 7]",
    "assert Bag([4, 1, 7]).largest == 7",
    "assert [Bag([4]).total(), Bag([9]).total()] == [21, 26]",
    "assert all(map(lambda pair: Bag(pair[0]).total() == pair[1], [([4], 21), ([9], 26)]))",
    "assert describe([4, 1, 7]).amount == 3 and Bag([9]).total() == 26",
)

_SPECIAL = """
def accepts(stdin, output, expected):
    return int(output) == sum(n ^ place for place, n in enumerate(map(int, stdin.split()))) % 9973 + 17
"""


def _stdio(comparison: TextComparison | None = None, language: Language = Language.PYTHON) -> StdioTests:
    cases = tuple(
        StdioCase(stdin=" ".join(map(str, values)) + "\n", expected=f"{answer}\n")
        for values, answer in ANSWERS
    )
    tests = StdioTests(cases=cases, language=language)
    return tests if comparison is None else tests.model_copy(update={"comparison": comparison})


_BESIDE = PlacementChoice.BESIDE
_UNITTEST_LITERAL = re.sub(
    r"    def (setUp|test_each).*?(?=    def test_(equal|others))", "", _UNITTEST, flags=re.DOTALL
)
_ASSERTIONS = tuple(f"assert digest({values}) == {answer}" for values, answer in ANSWERS)

TARGETS: dict[str, Tests] = {
    "call": CallTests(
        entry_point="digest",
        cases=tuple(CallCase(arguments=(values,), expected=answer) for values, answer in ANSWERS),
    ),
    "check": CheckTests(entry_point="digest", source=_CHECK),
    "check-plain": CheckTests(entry_point="digest", source=_PLAIN_CHECK),
    "assert": AssertTests(statements=_ASSERTIONS),
    "pytest": PytestTests(source=_PYTEST),
    "unittest": UnittestTests(source=_UNITTEST),
    "check-beside": CheckTests(entry_point="digest", source=_CHECK, placement=_BESIDE),
    "assert-beside": AssertTests(statements=_ASSERTIONS, placement=_BESIDE),
    "pytest-beside": PytestTests(source=_PYTEST_LITERAL, placement=_BESIDE),
    "unittest-beside": UnittestTests(source=_UNITTEST_LITERAL, placement=_BESIDE),
    "objects-assert": AssertTests(statements=_OBJECTS_ASSERT),
    "objects-pytest": PytestTests(source=_OBJECTS_PYTEST),
    "objects-unittest": UnittestTests(source=_OBJECTS, module="solution"),
    "stdio": _stdio(),
    "stdio-tokens": _stdio(TokenText()),
    "stdio-float": _stdio(FloatText()),
    "stdio-lines": _stdio(UnorderedLines()),
    "stdio-special": _stdio(SpecialJudge(source=_SPECIAL)),
    "cpp": _stdio(language=Language.CPP),
}
"""The hidden tests by name."""

UNPROVEN = UnittestTests(source=_COMPUTED, placement=_BESIDE)

GROUPS = {
    "function": ("call", "check", "check-plain", "assert", "pytest", "unittest"),
    # Each test beside a submission takes a process; the other kinds are named where they matter.
    "beside": ("assert-beside", "unittest-beside"),
    "objects": ("objects-assert", "objects-pytest", "objects-unittest"),
    "stdio-all": ("stdio", "stdio-tokens", "stdio-float", "stdio-lines", "stdio-special"),
}
_MAIN = "\n\nprint(digest(list(map(int, input().split()))))\n"


@dataclass(frozen=True)
class Program:
    """A submission with a name."""

    name: str
    trick: str
    """One sentence."""
    kinds: tuple[str, ...]
    """Names of `TARGETS`."""
    runs: int
    source: str
    not_on: str = ""
    """A level of isolation that has not what the program needs."""

    def source_for(self, kind: str) -> str:
        """The submission; a function that meets whole-program tests gets a main part."""
        return self.source + _MAIN * (kind.startswith("stdio") and "def digest" in self.source)


def programs(folder: str) -> list[Program]:
    """All programs of a folder beside this file, by name.

    Raises:
        ValueError: If a file lacks its description or its kinds.
    """
    files = sorted(
        file for file in (Path(__file__).parent / folder).iterdir() if file.suffix in (".py", ".cpp")
    )
    return [_parse(file) for file in files]


def _parse(file: Path) -> Program:
    source = file.read_bytes().decode()
    head = re.match(
        r'(?:"""|// )(?P<trick>.+?)\r?\n(?P<more>.*?)kinds: (?P<kinds>[^\r\n"]+)', source, re.DOTALL
    )
    if head is None:
        raise ValueError(f"{file} must begin with what it does and a line `kinds: ...`")
    runs = re.search(r"^(?:// )?runs: (\d+)$", source, re.MULTILINE)
    not_on = re.search(r"^not on: (\w+)$", source, re.MULTILINE)
    kinds: dict[str, None] = {}
    for word in head["kinds"].replace(",", " ").split():
        kinds |= dict.fromkeys(GROUPS.get(word, (word,)))
    unknown = set(kinds) - set(TARGETS)
    if unknown:
        raise ValueError(f"{file} is for unknown kinds {sorted(unknown)}; there are {[*GROUPS, *TARGETS]}")
    return Program(
        name=file.stem,
        trick=head["trick"].strip(),
        kinds=tuple(kinds),
        runs=int(runs[1]) if runs else 1,
        source=source,
        not_on=not_on[1] if not_on else "",
    )
