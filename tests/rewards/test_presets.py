"""The reward rules of the field, against cases that were worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from replgym.rewards import (
    PRESETS,
    CallFacts,
    EpisodeFacts,
    Outcome,
    Rubric,
    TestOutcome,
    TokenFacts,
    TurnFacts,
    Verdict,
)

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("preset_cases.yaml").read_text())
TURNS = {
    "call": TurnFacts("a call", (CallFacts("python_interpreter", "1"),)),
    "refused": TurnFacts("a wrong call", (CallFacts("browser", refused=True),)),
    "void": TurnFacts("talk", parse_error="there is no call"),
}


def facts_of(case: dict[str, Any]) -> EpisodeFacts:
    outcomes = case.get("outcomes")
    verdict = None
    if outcomes is not None:
        verdict = Verdict(tuple(TestOutcome(f"test_{n}", Outcome(o)) for n, o in enumerate(outcomes)))
    turns = [TURNS[kind] for kind in case.get("turns", ())]
    if "response" in case:
        turns.append(TurnFacts(case["response"], answered=True, tokens=TokenFacts(**case.get("tokens", {}))))
    return EpisodeFacts(verdict, None if outcomes is None else "x = 1", tuple(turns))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['preset']}: {case['case']}")
def test_the_rule_gives_what_it_gives_by_hand(case: dict[str, Any]) -> None:
    scored = Rubric.preset(case["preset"], **case.get("options", {})).score(facts_of(case))
    assert scored.total == pytest.approx(case["reward"], abs=1e-12)
    if "parts" in case:
        assert dict(scored.parts) == pytest.approx(case["parts"])


def test_every_preset_has_cases() -> None:
    assert {case["preset"] for case in CASES} == set(PRESETS)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_rewards_of_a_batch_do_not_depend_on_each_other(preset: str) -> None:
    cases = [case for case in CASES if case["preset"] == preset and "options" not in case]
    rubric = Rubric.preset(preset)
    forwards = [rubric.score(facts_of(case)).total for case in cases]
    backwards = [rubric.score(facts_of(case)).total for case in reversed(cases)]
    assert forwards == backwards[::-1] == pytest.approx([case["reward"] for case in cases])
