"""Tests of a task reach objects of a submission by reference: whatever works in one process works here."""

from __future__ import annotations

import pytest

from replgym.rewards import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    Judge,
    Outcome,
    Placement,
    PytestTests,
    UnittestTests,
    Verdict,
)
from replgym.rewards.tests import PlacementChoice

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SUBMISSION = """
import collections
from dataclasses import dataclass
from enum import Enum, IntEnum

class StackError(ValueError):
    def __init__(self, message, code=3):
        super().__init__(message)
        self.code = code

class Stack:
    limit = 5
    def __init__(self, items=()): self.items = list(items)
    def push(self, x): self.items.append(x); return self
    def pop(self):
        if not self.items: raise StackError("empty", 7)
        return self.items.pop()
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __getitem__(self, n): return self.items[n]
    def __contains__(self, x): return x in self.items
    def __eq__(self, other): return isinstance(other, Stack) and self.items == other.items
    def __add__(self, other): return Stack(self.items + list(other))
    @property
    def top(self): return self.items[-1]
    @classmethod
    def of(cls, *items): return cls(items)
    def __enter__(self): return self
    def __exit__(self, *_): self.items.clear(); return False

class Color(Enum): RED = 1; BLUE = 2
class Level(IntEnum): LOW = 1; HIGH = 2
Point = collections.namedtuple("Point", "x y")

@dataclass
class Person:
    name: str
    age: int = 0

def sort_in_place(values): values.sort()
def rotate(matrix): matrix[:] = [list(row) for row in zip(*matrix[::-1])]
def count_to(n):
    for i in range(n): yield i
def apply(f, values): return [f(x) for x in values]
def shout(name): print("hi", name)
def ask(): return int(input("n? ")) + 1
def total(values): return sum(values)
def adder(n): return lambda x: x + n
async def double(x): return x * 2
def average(values): return total(values) / len(values)
def read(stream): return stream.read().split()
def fail(error): raise error
"""
_PYTEST = """
import asyncio, copy, io, pytest
from unittest.mock import Mock, patch
from solution import *
import solution

@pytest.fixture
def stack(): return Stack([1, 2])

def test_objects(stack):
    stack.push(3)
    assert len(stack) == 3 and stack.top == 3 and 3 in stack and list(stack) == [1, 2, 3] and stack[0] == 1
    assert Stack.limit == 5 and isinstance(Stack.of(1), Stack) and callable(stack.push)
    assert stack + [4] == Stack([1, 2, 3, 4]) and stack != [1, 2, 3] and stack.push(5) is stack
    assert copy.deepcopy(stack) is not stack

def test_exceptions():
    with pytest.raises(StackError, match="empty") as caught: Stack().pop()
    assert caught.value.code == 7 and type(caught.value) is StackError and issubclass(StackError, ValueError)
    with pytest.raises(ValueError): Stack().pop()
    with pytest.raises(AttributeError): Stack().missing
    with pytest.raises(KeyError) as caught: solution.fail(KeyError("k"))
    assert type(caught.value) is KeyError and caught.value.args == ("k",)

@pytest.mark.parametrize("n,expected", [(1, 1), (2, 4)])
def test_callbacks(n, expected):
    seen = []
    assert apply(lambda x: x * x, [n]) == [expected] and apply(seen.append, [n]) == [None] and seen == [n]
    assert total(i for i in range(4)) == 6 and solution.read(io.StringIO("a b")) == ["a", "b"]
    mock = Mock(return_value=3)
    assert apply(mock, [1, 2]) == [3, 3] and mock.call_count == 2
    with pytest.raises(ZeroDivisionError): apply(lambda x: 1 / 0, [1])

def test_arguments_are_changed():
    values, matrix = [3, 1, 2], [[1, 2], [3, 4]]
    row = matrix[0]
    assert sort_in_place(values) is None and values == [1, 2, 3]
    rotate(matrix)
    assert matrix == [[3, 1], [4, 2]] and row == [1, 2]

def test_iterators():
    numbers = count_to(3)
    assert next(numbers) == 0 and list(numbers) == [1, 2] and list(count_to(2)) == [0, 1]

def test_numbers(): assert average([0.1, 0.2, 0.3]) == pytest.approx(0.2)

def test_output(capsys):
    shout("bob")
    assert capsys.readouterr().out == "hi bob\\n"

def test_input(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "41")
    assert ask() == 42

def test_classes():
    assert Color.RED is Color.RED and Color(1) == Color.RED and Color.BLUE.value == 2
    assert [color.name for color in Color] == ["RED", "BLUE"] and Level.HIGH == 2
    assert Person("a", 2) == Person("a", 2) and repr(Person("b")) == "Person(name='b', age=0)"
    person = Person("c"); person.age = 5
    assert person.age == 5 and Point(1, 2) == (1, 2) and Point(1, 2).y == 2

def test_context():
    stack = Stack([1])
    with stack as same: assert same is stack
    assert len(stack) == 0

def test_functions(): assert adder(2)(3) == 5 and asyncio.run(double(4)) == 8

def test_replaced_names(monkeypatch):
    monkeypatch.setattr(solution, "total", lambda values: 9)
    assert solution.average([1, 2, 3]) == 3
    with patch("solution.total", return_value=30) as mock: assert solution.average([1]) == 30
    mock.assert_called_once_with([1])
"""


def _failed(verdict: Verdict) -> list[tuple[str, str]]:
    return [(test.name, test.message) for test in verdict.tests if test.outcome is not Outcome.PASSED]


@pytest.mark.parametrize("place", PlacementChoice)
async def test_a_pytest_module(judge: Judge, place: PlacementChoice) -> None:
    tests = PytestTests(source=_PYTEST, placement=place)
    verdict = await judge.grade(tests, _SUBMISSION, time_limit=120)
    assert _failed(verdict) == []
    assert verdict.tests[2].name == "test_callbacks[1-1]"
    assert len(verdict.tests) == 13
    expected = Placement.BESIDE if place is PlacementChoice.BESIDE else Placement.TRUSTED
    assert {test.placement for test in verdict.tests} == {expected}


_UNITTEST = """
import unittest
from clock import Clock, ClockError
class ClockTest(unittest.TestCase):
    def setUp(self): self.clock = Clock(8, 0)
    def test_text(self): self.assertEqual(str(self.clock), "08:00")
    def test_equal(self):
        self.assertEqual(self.clock, Clock(32, 0))
        self.assertNotEqual(self.clock, Clock(9, 0))
    def test_add(self): self.assertEqual(self.clock + 90, Clock(9, 30))
    def test_error(self):
        with self.assertRaises(ClockError) as caught: Clock("x", 0)
        self.assertEqual(caught.exception.args[0], "no hour")
        self.assertEqual(type(caught.exception), ClockError)
    def test_parts(self):
        for hour in range(3):
            with self.subTest(hour=hour): self.assertEqual(Clock(hour, 0).hour, hour)
    @unittest.skip("for later")
    def test_never(self): self.fail()
"""
_CLOCK = """
class ClockError(Exception): pass
class Clock:
    def __init__(self, hour, minute):
        if not isinstance(hour, int): raise ClockError("no hour")
        self.minutes = (hour * 60 + minute) % 1440
        self.hour = self.minutes // 60
    def __str__(self): return f"{self.hour:02}:{self.minutes % 60:02}"
    def __eq__(self, other): return self.minutes == other.minutes
    def __add__(self, more): return Clock(0, self.minutes + more)
"""


@pytest.mark.parametrize("place", PlacementChoice)
async def test_a_unittest_module(judge: Judge, place: PlacementChoice) -> None:
    tests = UnittestTests(source=_UNITTEST, module="clock", placement=place)
    verdict = await judge.grade(tests, _CLOCK, time_limit=60)
    assert _failed(verdict) == []
    names = ["test_add", "test_equal", "test_error", "test_parts", "test_text"]
    assert [test.name for test in verdict.tests] == [f"ClockTest.{name}" for name in names]
    wrong = _CLOCK.replace("hour * 60", "hour * 59")
    verdict = await judge.grade(tests, wrong, time_limit=60)
    assert {name for name, _ in _failed(verdict)} >= {"ClockTest.test_text", "ClockTest.test_equal"}


@pytest.mark.parametrize("place", PlacementChoice)
async def test_statements(judge: Judge, place: PlacementChoice) -> None:
    tests = AssertTests(
        statements=("assert depth(root) == 3", "assert sum(1, 2) == 4", "assert depth(Node(1)) == 1"),
        setup="root = Node(1)\nroot.left = Node(2)\nroot.left.left = Node(3)",
        placement=place,
    )
    source = """
class Node:
    def __init__(self, value): self.value, self.left, self.right = value, None, None
def depth(node): return 1 + max(depth(node.left), depth(node.right)) if node else 0
"""
    verdict = await judge.grade(tests, source, time_limit=60)
    assert [test.outcome is Outcome.PASSED for test in verdict.tests] == [True, False, True]


async def test_a_statement_about_a_builtin_name_means_the_submissions(judge: Judge) -> None:
    tests = AssertTests(statements=("assert sum(10, 15) == 6",))
    source = "def sum(a, b): return __builtins__['sum'](n for n in range(1, a) if a % n == b % n == 0)"
    assert (await judge.grade(tests, source, time_limit=60)).passed


_LISTS = """
from typing import Optional
class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def list_node(values):
    head = None
    for value in reversed(values): head = ListNode(value, head)
    return head
def is_same_list(one, other):
    while one and other and one.val == other.val: one, other = one.next, other.next
    return one is None and other is None
"""


@pytest.mark.parametrize(
    "own_class", ["", "class ListNode:\n  def __init__(self, v=0, n=None): self.val, self.next = v, n\n"]
)
async def test_objects_of_the_tasks_own_classes_cross_by_value(judge: Judge, own_class: str) -> None:
    tests = CheckTests(
        entry_point="Solution().reverse",
        preamble=_LISTS,
        source="""
def check(candidate):
    assert is_same_list(candidate(head=list_node([1, 2, 3])), list_node([3, 2, 1]))
    assert is_same_list(candidate(head=list_node(list(range(3000)))), list_node(list(range(2999, -1, -1))))
    head = list_node([1, 2])
    assert candidate(head).next is head
    assert candidate(None) is None
""",
    )
    source = (
        own_class
        + """
class Solution:
    def reverse(self, head: Optional[ListNode]) -> Optional[ListNode]:
        last = None
        while head: head.next, last, head = last, head, head.next
        return last
"""
    )
    assert _failed(await judge.grade(tests, source, time_limit=60)) == []
    cheat = "class Solution:\n  def reverse(self, head): return head"
    assert len(_failed(await judge.grade(tests, cheat, time_limit=60))) == 3


async def test_preamble_and_methods_for_calls(judge: Judge) -> None:
    tests = CallTests(
        entry_point="Solution().count",
        preamble="from collections import *\nimport numpy",
        cases=(CallCase(arguments=("aab",), expected={"a": 2, "b": 1}),),
    )
    for body in ("Counter(text)", "{c: numpy.int64(n) for c, n in Counter(text).items()}"):
        source = f"class Solution:\n  def count(self, text): return {body}"
        assert _failed(await judge.grade(tests, source, time_limit=60)) == []


_LIAR = """
class Liar:
    def __init__(self, *a): pass
    def _yes(self, *a): return True
    __eq__ = __ge__ = __le__ = __lt__ = __gt__ = __contains__ = startswith = isdigit = all = _yes
    def __ne__(self, o): return False
    def __sub__(self, o): return 0.0
    __rsub__ = __mod__ = __abs__ = __float__ = __sub__
    def __hash__(self): return 0
    def __getattr__(self, name): return Liar()
class Thing(Liar):
    def solve(self, x): return self
    def other(self, x): return Thing()
def solve(x): return Liar()
def keep(x): return x
def nothing():
    import numpy
    return numpy.array([])
abs = lambda x: 0
class pytest:
    raises = approx = lambda *a, **k: Liar()
"""


@pytest.mark.parametrize(
    "assertion",
    [
        "solve(1) == 5",
        "5 == solve(1)",
        "not solve(1) != 5",
        "solve(1) >= 5",
        "5 in solve(1)",
        "solve(1) in [5]",
        "abs(solve(1) - 5) < 1e-6",
        "abs(5 - solve(1)) < 1e-6",
        "solve(1) == pytest.approx(5)",
        "math.isclose(solve(1), 5)",
        "nothing() == pytest.approx(5)",
        "solve(1).startswith('a')",
        "solve(1).isdigit()",
        "[solve(1)] == [5]",
        "{solve(1): 1} == {5: 1}",
        "Thing().solve(1) == 5",
        "Thing().other(1) == 5",
        "keep(Thing()) == 5",
        "(lambda thing: keep(thing) == 5)(Thing())",
        "(lambda thing: thing.solve(1) and thing == 5)(Thing())",
        "isinstance(solve(1), int)",
        "round(solve(1) - 5, 7) == 0",
    ],
)
async def test_no_object_stands_in_for_a_value(judge: Judge, assertion: str) -> None:
    source = f"import math\nimport pytest\nfrom solution import *\ndef test(): assert {assertion}\n"
    verdict = await judge.grade(PytestTests(source=source), _LIAR, time_limit=60)
    assert verdict.fraction == 0, verdict


async def test_skips_and_expected_failures_are_no_passes(judge: Judge) -> None:
    source = """
import pytest
from solution import f
def test_skip():
    if f(): pytest.skip()
@pytest.mark.xfail
def test_expected(): assert not f()
@pytest.mark.skip
def test_never(): assert False
def test_well(): assert f()
"""
    verdict = await judge.grade(PytestTests(source=source), "def f(): return 1", time_limit=60)
    assert [test.name for test in verdict.tests] == ["test_skip", "test_expected", "test_well"]
    assert [test.outcome is Outcome.PASSED for test in verdict.tests] == [False, False, True]


async def test_submissions_cannot_reach_the_examiner_through_what_they_are_given(judge: Judge) -> None:
    source = """
import pytest
from solution import try_all
def test():
    def f(): return 1
    def numbers(): yield 1
    class Helper:
        _secret = 5
        def method(self): return 2
    assert try_all(f, numbers(), Helper()) == []
"""
    cheat = """
def try_all(*given):
    reached = []
    for thing in given:
        ask, number = thing.__dict__.get("__replgym_ask__"), thing.__dict__["__replgym_foreign__"]
        ask = ask or thing.__closure__[0].cell_contents
        for name in ("__globals__", "gi_frame", "__class__", "_secret", "__dict__", "func_globals", "f_back"):
            try: reached.append((name, ask("get", number, (name,), {})))
            except AttributeError: pass
    return reached
"""
    assert _failed(await judge.grade(PytestTests(source=source), cheat, time_limit=60)) == []
