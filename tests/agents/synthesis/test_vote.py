"""The vote: labels that a person can count, and rules that hold for all elections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from replgym.agents.synthesis.labelled_tests import label_tests
from replgym.agents.synthesis.rejection import Reason
from replgym.agents.synthesis.sandbox_runs import RunEnd, RunOutput
from replgym.agents.synthesis.vote import Ballot, Label, choose_golden, elect, passes
from replgym.rewards.comparison import TokenText
from replgym.rewards.comparisons.text_comparison import texts_match
from replgym.rewards.tests import StdioTests

BALLOTS = some.lists(some.sampled_from(["1", "2", "3", None]), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("ballots", "wanted"),
    [
        (["6", "6", "0", "6"], Label("6", 3, 4)),
        (["6", "6", None, None], Label("6", 2, 4)),
        (["6", "6", None, None, None], Reason.LOW_AGREEMENT),
        (["6", "6", "0", "0"], Reason.TIE),
        (["6", "6", "6", "0", "0"], Label("6", 3, 5)),
        (["6", None], Reason.LOW_AGREEMENT),
        (["6"], Reason.LOW_AGREEMENT),
        ([None, None], Reason.NO_OUTPUT),
    ],
)
def test_labels_counted_by_hand(ballots: list[Ballot], wanted: Label | Reason) -> None:
    assert elect(ballots, min_agreement=0.5) == wanted


@given(BALLOTS, some.sampled_from([0.1, 0.5, 0.75, 1.0]), some.randoms())
def test_every_election(ballots: list[Ballot], least: float, draw: object) -> None:
    found = elect(ballots, min_agreement=least)
    counts = {each: ballots.count(each) for each in ballots if each is not None}
    if isinstance(found, Label):
        assert found.votes == counts[found.output] >= 2
        assert all(count < found.votes for output, count in counts.items() if output != found.output)
        assert found.agreement == found.votes / len(ballots) >= least
    shuffled = list(ballots)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    assert elect(shuffled, min_agreement=least) == found, "who voted first does not matter"
    if isinstance(found, Label):
        more = elect([*ballots, found.output], min_agreement=least)
        assert isinstance(more, Label), "one more vote for the winner never undoes its victory"
        assert more.output == found.output


def test_golden_agrees_with_most_then_with_the_surest_then_is_first() -> None:
    labels = [Label("a", 4, 4), Label("b", 2, 4), Label("c", 3, 4)]
    assert choose_golden([["a", "x", "x"], ["x", "b", "c"], ["a", None, "x"]], labels) == 1
    # Two labels each: 4 + 2 votes against 2 + 3.
    assert choose_golden([["x", "b", "c"], ["a", "b", "x"]], labels) == 1
    assert choose_golden([["a", "b", "x"], ["a", "b", None]], labels) == 0
    assert passes(["a", None, "x"], labels) == (True, False, False)


@given(some.lists(some.tuples(*[some.sampled_from(["1", "2", None])] * 4), min_size=1, max_size=6))
def test_no_solution_agrees_with_more_than_the_golden_one(columns: list[tuple[Ballot, ...]]) -> None:
    found = [(column, elect(column, min_agreement=0.5)) for column in columns]
    labels = [label for _, label in found if isinstance(label, Label)]
    rows = (
        list(zip(*(column for column, label in found if isinstance(label, Label)), strict=True)) or [()] * 4
    )
    golden = choose_golden(rows, labels)
    assert all(sum(passes(row, labels)) <= sum(passes(rows[golden], labels)) for row in rows)


def runs(*texts: str | None) -> list[RunOutput]:
    return [
        RunOutput(end=RunEnd.TIMEOUT) if text is None else RunOutput(end=RunEnd.ANSWERED, text=text)
        for text in texts
    ]


def test_programs_vote_by_tokens_and_tests_compare_so() -> None:
    table = [runs("1 2", "3", "9"), runs("1\n2", "4", "9"), runs("1 2 ", None, "8"), runs("0", "3", "9")]
    found = label_tests(["a", "b", "c"], table, min_agreement=0.5)
    assert [(label.output, label.votes) for label in found.labels] == [("1 2", 3), ("3", 2), ("9", 3)]
    assert (found.golden, found.golden_share, found.unlabelled) == (0, 1.0, ())
    # The third one is wrong on `c`; the second on `b`; a time-out alone would be no mistake.
    assert [found.is_mistaken(place) for place in range(4)] == [False, True, True, True]
    tests = found.tests("", 2.0)
    assert isinstance(tests, StdioTests)
    assert isinstance(tests.comparison, TokenText)
    assert [case.expected for case in tests.cases] == ["1 2", "3", "9"]
    assert texts_match(tests.comparison, "a", "1\n2", tests.cases[0].expected)


def test_values_vote_as_they_are() -> None:
    table = [runs('"a  b"', "1"), runs('"a b"', "1.0"), runs('"a b"', "true"), runs('"a b"', "1")]
    found = label_tests([["x"], ["y"]], table, min_agreement=0.5)
    assert [label.output for label in found.labels] == ['"a b"', "1"]
    assert found.passed == ((False, True), (True, False), (True, False), (True, True))


def test_tests_on_which_the_golden_solution_is_outvoted_can_be_dropped() -> None:
    table = [runs("1", "2", "5", "7"), runs("1", "3", "6", "7"), runs("9", "3", "6", None)]
    found = label_tests(list("abcd"), table, min_agreement=0.5)
    assert (found.golden, found.golden_share) == (1, 1.0)
    table[1] = runs("0", "3", "5", "7")
    found = label_tests(list("abcd"), table, min_agreement=0.5)
    assert [label.output for label in found.labels] == ["3", "5", "7"]
    assert found.unlabelled == (("a", Reason.TIE, "votes 1, 1, 1 of 3"),)
    table.append(runs("1", "3", "6", "0"))
    found = label_tests(list("abcd"), table, min_agreement=0.4)
    assert [label.output for label in found.labels] == ["1", "3", "7"]
    assert [sum(row) for row in found.passed] == [2, 2, 1, 2]
    # Votes of their labels: 2 + 2 of the first, 3 + 2 of the second, 2 + 3 of the last.
    assert found.golden == 1
    kept = found.where_golden_agrees()
    assert [label.output for label in kept.labels] == ["3", "7"]
    assert kept.unlabelled[-1][:2] == ("a", Reason.GOLDEN_DISAGREES)
    assert kept.golden_share == 1.0
