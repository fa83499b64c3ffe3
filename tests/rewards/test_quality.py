from __future__ import annotations

import pytest

from replgym.rewards import Outcome, Quality, QualityBand, TestOutcome, Verdict


def verdict(passed: int, total: int) -> Verdict:
    outcomes = [Outcome.PASSED] * passed + [Outcome.WRONG_ANSWER] * (total - passed)
    return Verdict(tuple(TestOutcome(f"test_{n}", outcome) for n, outcome in enumerate(outcomes)))


@pytest.mark.parametrize(
    ("passed", "total", "band"),
    [
        (0, 1, "very poor"),
        (0, 0, "very poor"),
        (19, 100, "very poor"),
        (1, 5, "poor"),
        (39, 100, "poor"),
        (2, 5, "fair"),
        (3, 5, "good"),
        (79, 100, "good"),
        (4, 5, "excellent"),
        (7, 7, "excellent"),
    ],
)
def test_a_band_is_a_fifth_and_borders_belong_to_the_better_one(passed: int, total: int, band: str) -> None:
    assert QualityBand.of(verdict(passed, total)) == band


@pytest.mark.parametrize("total", [5, 10, 35, 100])
def test_every_band_is_equally_wide(total: int) -> None:
    bands = [QualityBand.of(verdict(passed, total)) for passed in range(total)]
    assert [bands.count(band) for band in QualityBand] == [total // 5] * 5


def test_a_set_is_summed_up() -> None:
    quality = Quality.of([verdict(4, 4), verdict(1, 4), None, verdict(3, 4)])
    assert (quality.count, quality.solved, quality.mean_fraction) == (4, 1, 0.5)
    assert list(quality.bands.items()) == [
        (QualityBand.VERY_POOR, 1),
        (QualityBand.POOR, 1),
        (QualityBand.FAIR, 0),
        (QualityBand.GOOD, 1),
        (QualityBand.EXCELLENT, 1),
    ]
    assert Quality.of([]).mean_fraction == 0.0


@pytest.mark.parametrize(
    "names",
    [
        ["introductory", "interview", "competition"],
        ["Easy", "Medium", "Hard"],
        ["EASY", "MEDIUM", "MEDIUM_HARD", "HARD", "VERY_HARD", "UNKNOWN_DIFFICULTY"],
        ["easy", "medium", "hard", "harder", "hardest", "unknown"],
        ["1 · linear", "2 · chain", "unknown"],
    ],
)
def test_difficulties_come_in_their_order(names: list[str]) -> None:
    labelled = [(name, verdict(1, 2)) for name in sorted(names)]
    told = Quality.by_difficulty([*labelled, (names[0], None)])
    assert list(told) == names
    assert (told[names[0]].count, told[names[0]].mean_fraction) == (2, 0.25)
