"""What takes too much ends by its limit, and says so; and nothing of the judge is within reach."""

from __future__ import annotations

import os

import pytest

from replgym.rewards import CallCase, CallTests, Judge, Outcome

from .suite_programs import TARGETS, programs

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ATTACKS = {attack.name: attack for attack in programs("attacks")}
_FOR_EVER = (
    "alarm_ignored",
    "endless_import",
    "endless_loop",
    "endless_output",
    "endless_sleep",
    "stuck_in_c",
)


@pytest.mark.parametrize("name", _FOR_EVER)
async def test_what_never_ends_is_a_timeout(judge: Judge, name: str) -> None:
    verdict = await judge.grade(TARGETS["call"], _ATTACKS[name].source, time_limit=0.7)
    assert [test.outcome for test in verdict.tests] == [Outcome.TIMEOUT] + 3 * [Outcome.NOT_RUN]


async def test_memory_is_limited(judge: Judge) -> None:
    verdict = await judge.grade(TARGETS["call"], _ATTACKS["memory_bomb"].source, time_limit=20)
    assert {test.outcome for test in verdict.tests} == {Outcome.MEMORY}


async def test_output_is_limited(judge: Judge) -> None:
    source = "while True: print('x' * 100_000)"
    verdict = await judge.grade(TARGETS["stdio"], source, time_limit=20)
    assert {test.outcome for test in verdict.tests} == {Outcome.OUTPUT_LIMIT}


async def test_neither_examiner_nor_host_can_be_read_or_signalled(judge: Judge) -> None:
    """The candidate tries it with every process that it can see and reports how often it got through."""
    source = f"""
import os, json
def reach(what):
    reached = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or entry == str(os.readlink("/proc/self")):
            continue
        try:
            open(f"/proc/{{entry}}/mem", "rb").close()
            reached.append("memory of " + open(f"/proc/{{entry}}/status").readline())
        except OSError:
            pass
    try:
        os.kill({os.getpid()}, 0)
        reached.append("host")
    except OSError:
        pass
    return json.dumps(reached)
"""
    tests = CallTests(entry_point="reach", cases=(CallCase(arguments=("",), expected="[]"),))
    verdict = await judge.grade(tests, source, time_limit=20)
    assert verdict.passed, verdict
