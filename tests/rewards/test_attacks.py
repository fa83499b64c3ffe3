"""Wrong programs that try to be rewarded all the same: nobody is, on any level, and the judge stays well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.kernels.capabilities import IsolationLevel
from replgym.rewards import Judge

from .levels import LEVELS, judge_on
from .suite import judged
from .suite_programs import Program, programs

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
async def level_judge(request: pytest.FixtureRequest) -> AsyncIterator[tuple[IsolationLevel, Judge]]:
    async with await judge_on(request.param) as made:
        yield request.param, made


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_attack_earns_nothing(level_judge: tuple[IsolationLevel, Judge], attack: Program) -> None:
    level, judge = level_judge
    for result in await judged(judge, attack):
        assert not result.rewarded, str(result)
        # Where nothing keeps a submission from its examiner, it may end it: a failure of the machine.
        assert not result.fault or level is IsolationLevel.LIMITS, str(result)
    (after,) = await judged(judge, HONEST, seconds=20)
    assert after.all_passed, f"the judge is unwell after the attack: {after}"


def test_there_are_attacks_for_every_kind_of_tests() -> None:
    kinds = {
        kind: sum(kind in attack.kinds for attack in ATTACKS) for attack in ATTACKS for kind in attack.kinds
    }
    assert len(ATTACKS) >= 100
    assert {"call", "check", "assert", "pytest", "unittest", "stdio", "cpp"} <= set(kinds)
    assert min(kinds.values()) >= 10, kinds
