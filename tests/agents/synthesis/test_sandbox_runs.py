"""Programs of models run in sandboxes: answers are kept, faults of the machine say nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from replgym.agents.synthesis.rejection import Reason, RejectedError
from replgym.agents.synthesis.sandbox_runs import RunEnd, SandboxRuns
from replgym.agents.synthesis.stage_log import StageLog
from replgym.rewards.programs import Program, ProgramLimits, ProgramResult, SandboxedPrograms
from replgym.rewards.verdict import JudgeError


class FailingOnce:
    """A machine that fails on its second run, then works."""

    def __init__(self, runner: SandboxedPrograms) -> None:
        self._runner, self.runs = runner, 0

    async def run(self, program: Program, limits: ProgramLimits) -> ProgramResult:
        self.runs += 1
        if self.runs == 2:
            raise JudgeError("no memory left")
        return await self._runner.run(program, limits)

    async def protections(self) -> tuple[str, ...]:
        return await self._runner.protections()

    async def close(self) -> None:
        await self._runner.close()


@pytest.fixture
async def machine() -> AsyncIterator[FailingOnce]:
    machine = FailingOnce(SandboxedPrograms())
    yield machine
    await machine.close()


def runs_of(machine: FailingOnce, log: StageLog, seconds: float = 20.0) -> SandboxRuns:
    return SandboxRuns(machine, log, asyncio.Semaphore(2), seconds)


async def test_outputs_of_programs(machine: FailingOnce, tmp_path: Path) -> None:
    machine.runs = 2
    source = (
        "import sys\nword = input()\nprint(word * 2, end='\\r\\n')\nsys.exit(word == 'exit')\n"
        "# other lines are not read"
    )
    with StageLog(tmp_path / "log") as log:
        found = await runs_of(machine, log).outputs(source, "", ["a\n", "exit", ""])
        flood = await runs_of(machine, log).outputs("while True:\n    print('x' * 9999)", "", [""])
        late = await runs_of(machine, log, 0.5).outputs("while True:\n    pass", "", [""])
    assert [(run.end, run.text) for run in found] == [
        (RunEnd.ANSWERED, "aa"),
        (RunEnd.FAILED, ""),
        (RunEnd.FAILED, ""),
    ]
    assert [run.end for run in (*flood, *late)] == [RunEnd.OUTPUT_LIMIT, RunEnd.TIMEOUT]


CALLS = """
import sys
seen = []

class Solution:
    def f(self, kind, *rest):
        print("noise")
        seen.append(kind)
        return {
            "tuple": (1, [2.5, None]), "dict": {"b": 1, "a": True}, "seen": seen, "set": {1},
            "nan": float("nan"), "keys": {1: 2}, "rest": rest,
        }[kind]
"""


async def test_values_of_calls(machine: FailingOnce, tmp_path: Path) -> None:
    machine.runs = 2
    kinds = ("tuple", "dict", "seen", "rest", "set", "nan", "keys", "unknown")
    with StageLog(tmp_path / "log") as log:
        inputs = [[kind, "é"] if kind == "rest" else [kind] for kind in kinds]
        found = await runs_of(machine, log).outputs(CALLS, "Solution().f", inputs)
        silent = "import os\ndef f():\n    os._exit(0)"
        (left,) = await runs_of(machine, log).outputs(silent, "f", [[]])
    texts = [run.text for run in found[:4]]
    assert texts == ["[1, [2.5, null]]", '{"a": true, "b": 1}', '["seen"]', '["\\u00e9"]']
    assert {run.end for run in (*found[4:], left)} == {RunEnd.FAILED}


async def test_faults_of_the_machine_are_no_answers(machine: FailingOnce, tmp_path: Path) -> None:
    with StageLog(tmp_path / "log") as log:
        runs = runs_of(machine, log)
        with pytest.raises(JudgeError, match="no memory left"):
            await runs.outputs("print(input())", "", ["1", "2", "3"])
        assert len(log) == 0
        found = await runs.outputs("print(input())", "", ["1", "2", "3"])
        assert [run.text for run in found] == ["1", "2", "3"]
        done = machine.runs
        assert await runs.outputs("print(input())", "", ["1", "2", "3"]) == found
        assert machine.runs == done


async def test_generators(machine: FailingOnce, tmp_path: Path) -> None:
    machine.runs = 2
    with StageLog(tmp_path / "log") as log:
        runs = runs_of(machine, log)
        assert await runs.written_by("print('[1]')") == "[1]"
        for _ in range(2):
            with pytest.raises(RejectedError, match="code 1 ValueError: no") as caught:
                await runs.written_by("raise ValueError('no')")
            assert caught.value.reason is Reason.GENERATOR
        assert machine.runs == 4
