from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from replgym.rewards.test_code.check_program import CheckProgram, CheckProgramError, parsed


def _run(source: str, candidate: object, context: str = "") -> tuple[int, list[tuple[int, bool]]]:
    program = CheckProgram.cut(parsed(source), context)
    seen: list[tuple[int, bool]] = []

    @contextlib.contextmanager
    def guard(number: int) -> Iterator[None]:
        try:
            yield
            seen.append((number, True))
        except AssertionError:
            seen.append((number, False))

    program.load(guard, {**program.context(), "it": candidate})(candidate)
    return program.tests, seen


def test_later_tests_run_after_a_failed_one() -> None:
    source = """
def check(candidate):
    base = 10
    assert candidate(1) == 2
    assert candidate(1) == 1
    for n in range(3):
        assert candidate(n) + base == n + 10
    with open("/dev/null"):
        assert False
"""
    assert _run(source, lambda n: n) == (4, [(0, False), (1, True), (2, True), (3, False)])


def test_assertions_that_cannot_fail_are_no_tests() -> None:
    source = "def check(candidate):\n    assert True, 'fine'\n    assert candidate(1) == 1\n    assert 1\n"
    assert _run(source, lambda n: n) == (1, [(0, True)])


@pytest.mark.parametrize(
    "body",
    [
        "assert candidate(1)\n    if candidate(2): return\n    assert False",
        "def inner():\n        assert candidate(1)\n    inner()\n    assert candidate(2)",
        "candidate(1)",
    ],
)
def test_what_cannot_be_cut_is_one_test(body: str) -> None:
    assert _run(f"def check(candidate):\n    {body}\n", lambda n: n) == (1, [(0, True)])


def test_context_and_own_name_are_at_hand() -> None:
    source = "def check(candidate):\n    assert helper(candidate(2)) == it(3)\n"
    assert _run(source, lambda n: n, "def helper(n): return n + 1") == (1, [(0, True)])


@pytest.mark.parametrize("source", ["def check(:", "x = 1", "async def check(c): pass", "\0"])
def test_broken_programs_are_named(source: str) -> None:
    with pytest.raises(CheckProgramError):
        CheckProgram.cut(parsed(source))
