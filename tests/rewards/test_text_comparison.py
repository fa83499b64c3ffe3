"""Right outputs are accepted, wrong ones are not, and no output is slow to compare."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards.comparison import (
    ExactText,
    FloatText,
    SpecialJudge,
    TextComparison,
    TokenText,
    UnorderedLines,
)
from replgym.rewards.comparisons.text_comparison import CheckerError, texts_match

ALL: tuple[TextComparison, ...] = (
    ExactText(),
    TokenText(),
    TokenText(ignore_case=True),
    FloatText(),
    UnorderedLines(),
    SpecialJudge(source="def accepts(stdin, output, expected): return output == expected"),
)


def matches(comparison: TextComparison, output: str, expected: str) -> bool:
    return texts_match(comparison, "", output, expected)


@pytest.mark.parametrize(
    ("comparison", "output", "expected", "accepted"),
    [
        (ExactText(), " 1 2\n", "1 2", True),
        (ExactText(), "1\r\n2\r\n", "1\n2", True),
        (ExactText(), "1\n2", "1\r\n2\r\n", True),
        (ExactText(), "1  2", "1 2", False),
        (ExactText(), "1\n\n2", "1\n2", False),
        (ExactText(), "2 1", "1 2", False),
        (ExactText(), "", "0", False),
        (ExactText(), "", "\n", True),
        (ExactText(), "yes", "YES", False),
        (TokenText(), "1\t2\n\n3", "1 2 3\r\n", True),
        (TokenText(), "1 2", "1 2 3", False),
        (TokenText(), "1 2 3", "1 2", False),
        (TokenText(), "12", "1 2", False),
        (TokenText(), "yes", "YES", False),
        (TokenText(ignore_case=True), "yes No", "YES no", True),
        (TokenText(ignore_case=True), "yes", "no", False),
        (FloatText(), "0.50 1.0", "0.5 1", True),
        (FloatText(), "0.3333", "0.3334", False),
        (FloatText(absolute=0, relative=1e-3), "1000.9", "1000.0", True),
        (FloatText(absolute=0, relative=1e-3), "1001.1", "1000.0", False),
        (FloatText(absolute=0.1, relative=0), "-0.05", "0", True),
        (FloatText(), "1000000001", "1000000000", False),
        (FloatText(), "007", "+7", True),
        (FloatText(), "1e3", "1000", True),
        (FloatText(), "-nan", "NaN", True),
        (FloatText(), "nan", "1.0", False),
        (FloatText(), "1.0", "nan", False),
        (FloatText(), "Infinity", "inf", True),
        (FloatText(), "-inf", "inf", False),
        (FloatText(), "inf", "1e999", False),
        (FloatText(), "1e999", "inf", False),
        (FloatText(), "1_0.0", "10.0", False),
        (FloatText(), "١.5", "1.5", False),
        (FloatText(), "0x1p3", "8.0", False),
        (FloatText(), "YES 0.1", "YES 0.10", True),
        (FloatText(), "yes", "YES", False),
        (FloatText(), "1.0", "1.0 2.0", False),
        (FloatText(), "1.0 2.0", "1.0", False),
        (FloatText(), "+ .", "- .", False),
        (UnorderedLines(), "b\n\na\r\n", "a\nb", True),
        (UnorderedLines(), "a\nb\nb", "a\na\nb", False),
        (UnorderedLines(), "a\nb", "a\nb\nb", False),
        (UnorderedLines(), "a\nb\nb", "a\nb", False),
        (UnorderedLines(), "2 1", "1 2", False),
    ],
)
def test_rule(comparison: TextComparison, output: str, expected: str, accepted: bool) -> None:
    assert matches(comparison, output, expected) is accepted


@given(st.text())
def test_every_rule_accepts_the_expected_answer(text: str) -> None:
    assert all(matches(comparison, text, text) for comparison in ALL)


@given(st.lists(st.text("ab 1.\n", max_size=4)), st.lists(st.text("ab 1.\n", max_size=4)))
def test_laxer_rules_accept_what_stricter_ones_accept(left: list[str], right: list[str]) -> None:
    output, expected = "\n".join(left), "\n".join(right)
    exact, tokens = matches(ExactText(), output, expected), matches(TokenText(), output, expected)
    assert not exact or tokens
    assert tokens == (output.split() == expected.split())
    assert not tokens or matches(FloatText(), output, expected)
    assert not exact or matches(UnorderedLines(), output, expected)


@given(st.lists(st.text("abc 1", min_size=1)), st.randoms(use_true_random=False))
def test_order_of_lines_does_not_matter(lines: list[str], random: Callable[[], float]) -> None:
    shuffled = sorted(lines, key=lambda line: (hash(line), line))
    assert matches(UnorderedLines(), "\n".join(shuffled), "\n".join(lines))
    assert not matches(UnorderedLines(), "\n".join([*shuffled, "more"]), "\n".join(lines))


@given(st.floats(), st.sampled_from(["{!r}", "{:+.17g}", "{:e}", "{:.20f}"]))
def test_formats_of_the_same_number_match(number: float, style: str) -> None:
    assert matches(FloatText(absolute=1e-12, relative=1e-5), style.format(number), repr(number))


@given(st.integers(0, 200_000), st.sampled_from([" ", "\n", "\t", "\u2003"]))
def test_tokens_are_cut_at_white_space_wherever_pieces_end(length: int, space: str) -> None:
    text = "x" * length + space + "yy" + space + "z"
    assert matches(TokenText(), text, text.replace(space, " \n"))
    assert not matches(TokenText(), text, text.replace(space, ""))


FLOODS = {
    "one token": "7" * (10 << 20),
    "one decimal": "0." + "7" * (10 << 20),
    "white space": " \n" * (5 << 20),
    "many tokens": "7 " * (5 << 20),
    "many lines": "7777777\n" * (10 << 17),
    "many numbers": "0.50 " * (1 << 20),
}


@pytest.mark.parametrize("name", FLOODS)
def test_ten_megabytes_are_compared_in_linear_time(name: str) -> None:
    output, expected = FLOODS[name], FLOODS[name].replace("0.50", "0.5") + " end"
    for comparison in (ExactText(), TokenText(), FloatText(), UnorderedLines()):
        start = time.process_time()
        assert not matches(comparison, output, expected)
        assert time.process_time() - start < 60  # quadratic time would take hours


JUDGE = """
seen = []
def accepts(stdin, output, expected):
    assert not seen
    seen.append(output)
    parts = list(map(int, output.split()))
    return sum(parts) == int(stdin) and len(parts) == len(expected.split())
"""


def test_special_judge_decides_and_remembers_nothing() -> None:
    judge = SpecialJudge(source=JUDGE)
    assert texts_match(judge, "10", "3 7", "5 5")
    assert texts_match(judge, "10", "4 6", "5 5")
    assert not texts_match(judge, "10", "4 7", "5 5")


def test_output_that_a_special_judge_cannot_read_is_wrong() -> None:
    assert not texts_match(SpecialJudge(source=JUDGE), "10", "three seven", "5 5")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def accepts(", "does not compile: SyntaxError"),
        ("x = 1", "does not define accepts"),
        ("def accepts(stdin, output): return True", "fails on the expected answer: TypeError"),
        ("1 / 0", "fails on the expected answer: ZeroDivisionError"),
    ],
)
def test_broken_special_judge_is_told(source: str, complaint: str) -> None:
    with pytest.raises(CheckerError, match=complaint):
        texts_match(SpecialJudge(source=source), "", "1", "1")
