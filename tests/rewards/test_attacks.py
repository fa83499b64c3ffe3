"""Wrong programs that try to be rewarded all the same: nobody is, on any level, and the judge stays well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.rewards import Judge, Outcome, Placement

from .levels import LEVELS, judge_on
from .suite import judged
from .suite_programs import UNPROVEN, Program, programs

pytestmark = pytest.mark.asyncio(loop_scope="module")

ATTACKS = programs("attacks")
HONEST = Program(
    "honest",
    "is right",
    ("call",),
    1,
    "def digest(values):\n    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17\n",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=LEVELS, ids=str)
async def level_judge(request: pytest.FixtureRequest) -> AsyncIterator[Judge]:
    async with await judge_on(request.param, attacks=True) as made:
        yield made


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_attack_earns_nothing(level_judge: Judge, attack: Program) -> None:
    for result in await judged(level_judge, attack):
        assert not result.rewarded, str(result)
        assert not result.fault, str(result)
    (after,) = await judged(level_judge, HONEST, seconds=20)
    assert after.all_passed, f"the judge is unwell after the attack: {after}"


@pytest.mark.parametrize("name", ["reference_of_the_tests", "equal_to_everything", "plain"])
async def test_what_cannot_be_proven_beside_a_submission_is_told(level_judge: Judge, name: str) -> None:
    """Where expected values are computed beside a submission, it can find the way; no pass hides that."""
    known = {program.name: program for folder in ("attacks", "fairness") for program in programs(folder)}
    verdict = await level_judge.grade(UNPROVEN, known[name].source, time_limit=20)
    for test in verdict.tests:
        assert test.placement is Placement.BESIDE
        assert test.outcome is not Outcome.PASSED or "proven" in test.message
