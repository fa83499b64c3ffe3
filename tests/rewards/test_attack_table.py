"""The committed table names all programs of the suites, and shows no attack that was rewarded."""

from __future__ import annotations

import re

import pytest

from .attack_table import PAGE, names_in
from .suite_programs import TARGETS, programs


@pytest.mark.parametrize(("folder", "least", "least_of_a_kind"), [("attacks", 100, 15), ("fairness", 60, 5)])
def test_suites_cover_every_kind_of_tests(folder: str, least: int, least_of_a_kind: int) -> None:
    suite = programs(folder)
    assert len(suite) >= least
    for kind in TARGETS:
        assert sum(kind in program.kinds for program in suite) >= least_of_a_kind, kind


def test_table_names_every_program() -> None:
    suites = [program.name for folder in ("attacks", "fairness") for program in programs(folder)]
    assert names_in(PAGE.read_text()) == suites, "run: python -m tests.rewards.attack_table"


def test_table_shows_no_hole() -> None:
    attacks, _, honest = PAGE.read_text().partition("## Right programs")
    cell = re.compile(r"\| (\d+) of (\d+)([^|]*)(?= \|)")
    assert {(rewarded, faults) for rewarded, _, faults in cell.findall(attacks)} == {("0", "")}
    assert all(passed == total and not faults for passed, total, faults in cell.findall(honest))
