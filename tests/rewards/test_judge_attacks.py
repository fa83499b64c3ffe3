"""Wrong submissions that try to be rewarded all the same, and right ones that look strange."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from replgym.rewards import CallCase, CallTests, CheckTests, Judge, Outcome

pytestmark = pytest.mark.asyncio(loop_scope="module")

_INPUTS = ([4, 1, 7], [9], list(range(30)), [-5, 0, 5])


def _digest(values: list[int]) -> int:
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17


_CALLS = CallTests(
    entry_point="digest",
    cases=tuple(CallCase(arguments=(values,), expected=_digest(values)) for values in _INPUTS),
)
_CHECK = CheckTests(
    entry_point="digest",
    source="def check(candidate):\n"
    + "".join(f"    assert candidate({values}) == {_digest(values)}\n" for values in _INPUTS),
)
_PROGRAMS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("submissions.yaml").read_text()
)


@pytest.mark.parametrize("kind", ["call", "check"])
@pytest.mark.parametrize("name", _PROGRAMS["attacks"])
async def test_attack_earns_nothing(judge: Judge, name: str, kind: str) -> None:
    verdict = await judge.grade(
        _CALLS if kind == "call" else _CHECK, _PROGRAMS["attacks"][name], time_limit=20
    )
    assert len(verdict.tests) == len(_INPUTS)
    assert not verdict.passed
    assert verdict.fraction == 0
    assert {test.outcome for test in verdict.tests}.isdisjoint({Outcome.TIMEOUT, Outcome.PASSED})


@pytest.mark.parametrize("name", _PROGRAMS["greedy"])
async def test_greedy_submission_ends_by_its_limit(judge: Judge, name: str) -> None:
    verdict = await judge.grade(_CALLS, _PROGRAMS["greedy"][name], time_limit=0.7)
    assert [test.outcome for test in verdict.tests] == [Outcome.TIMEOUT] + 3 * [Outcome.NOT_RUN]


async def test_memory_is_limited(judge: Judge) -> None:
    source = "def digest(values):\n  kept = []\n  while True: kept.append(bytearray(64 << 20))"
    verdict = await judge.grade(_CALLS, source, time_limit=20)
    assert {test.outcome for test in verdict.tests} == {Outcome.MEMORY}


@pytest.mark.parametrize("kind", ["call", "check"])
@pytest.mark.parametrize("name", _PROGRAMS["honest"])
async def test_honest_submission_passes(judge: Judge, name: str, kind: str) -> None:
    verdict = await judge.grade(
        _CALLS if kind == "call" else _CHECK, _PROGRAMS["honest"][name], time_limit=20
    )
    assert verdict.passed, verdict


async def test_neither_examiner_nor_host_can_be_read_or_signalled(judge: Judge) -> None:
    """The candidate tries it with every process that it can see and reports how often it got through."""
    source = f"""
import os, json
def digest(what):
    reached = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or entry == str(os.readlink("/proc/self")):
            continue
        try:
            status = open(f"/proc/{{entry}}/status").read()
        except OSError:
            continue
        own = status.split("NSpid:")[1].splitlines()[0].split()
        if own[-1] == str(os.getpid()) and len(own) > 1:
            continue
        try:
            open(f"/proc/{{entry}}/mem", "rb").close()
            reached.append("memory of " + status.splitlines()[0])
        except OSError:
            pass
    try:
        os.kill({os.getpid()}, 0)
        reached.append("host")
    except OSError:
        pass
    return json.dumps(reached)
"""
    tests = CallTests(entry_point="digest", cases=(CallCase(arguments=("",), expected="[]"),))
    verdict = await judge.grade(tests, source, time_limit=20)
    assert verdict.passed, verdict
