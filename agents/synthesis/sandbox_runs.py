"""What programs of models write, run in the judge's sandboxes; an answer that is there is not made again.

Each input gets a process of its own, so that nothing passes from one to the next. A program that fails has
no output; a machine that fails is a `JudgeError` after its retries, and says nothing about the program.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...rewards.programs import Program, ProgramLimits, ProgramResult, ProgramRunner, StageEnd
from .content_key import content_key
from .gather_all import gather_all
from .rejection import Reason, RejectedError
from .stage_log import StageLog

_GENERATOR = ProgramLimits(seconds=30.0, output=8 << 20)
_OUTPUT_BYTES = 256 << 10
_ANSWER = "answer.json"
_CALL = f"""\
import json
import sys

sys.setrecursionlimit(100_000)
namespace = {{"__name__": "solution"}}
with open("candidate.py", encoding="utf-8") as file:
    exec(compile(file.read(), "candidate.py", "exec"), namespace)
with open("call.json", encoding="utf-8") as file:
    entry_point, arguments = json.load(file)


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {{key: plain(each) for key, each in value.items()}}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"{{type(value).__name__}} is no JSON")


value = plain(eval(entry_point, namespace)(*arguments))
with open("{_ANSWER}", "w", encoding="utf-8") as file:
    json.dump(value, file, allow_nan=False)
"""


class RunEnd(StrEnum):
    """How one run ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUTPUT_LIMIT = "output_limit"


class RunOutput(BaseModel):
    """One run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    end: RunEnd
    text: str = ""
    """What was written, without outer space; of a call the value as JSON with sorted keys."""
    seconds: float = 0.0


class SandboxRuns:
    """Runs programs, so many at once as the gate lets in.

    Args:
        runner: Where.
        log: Where outputs are kept.
        gate: Holds runs back that are too many.
        seconds: Wall clock of one run.
    """

    def __init__(self, runner: ProgramRunner, log: StageLog, gate: asyncio.Semaphore, seconds: float) -> None:
        self._runner, self._log, self._gate = runner, log, gate
        self._limits = ProgramLimits(seconds=seconds, output=_OUTPUT_BYTES, fetched=_OUTPUT_BYTES)

    async def outputs(self, source: str, entry_point: str, inputs: Sequence[Any]) -> tuple[RunOutput, ...]:
        """Runs a solution on every input.

        Args:
            source: The solution.
            entry_point: The function to call; empty for a program that reads standard input.
            inputs: Texts, or lists of arguments.

        Raises:
            JudgeError: If the machine failed.
        """
        key = content_key("outputs", source, entry_point, list(inputs), self._limits.seconds)
        known = self._log.find(key)
        if known is None:
            runs = await gather_all(self._run(source, entry_point, value) for value in inputs)
            known = [run.model_dump() for run in runs]
            self._log.add(key, known)
        return tuple(map(RunOutput.model_validate, known))

    async def written_by(self, generator: str) -> str:
        """What a program writes that has nothing to read.

        Raises:
            RejectedError: If it fails.
            JudgeError: If the machine failed.
        """
        key = content_key("generator", generator)
        known = self._log.find(key)
        if known is None:
            async with self._gate:
                result = await self._runner.run(Program(generator), _GENERATOR)
            known = {"text": _text(result), "told": _told(result)}
            self._log.add(key, known)
        if known["text"] is None:
            raise RejectedError(Reason.GENERATOR, known["told"])
        return str(known["text"])

    async def _run(self, source: str, entry_point: str, value: Any) -> RunOutput:
        async with self._gate:
            if entry_point:
                files = {
                    "candidate.py": source.encode(errors="surrogatepass"),
                    "call.json": json.dumps([entry_point, value]).encode(),
                }
                result = await self._runner.run(Program(_CALL, files=files, fetch=(_ANSWER,)), self._limits)
            else:
                result = await self._runner.run(Program(source, stdin=value), self._limits)
        return _output(result, called=bool(entry_point))


def _output(result: ProgramResult, *, called: bool) -> RunOutput:
    run = result.run
    if run is None:
        return RunOutput(end=RunEnd.FAILED)
    seconds = round(run.seconds, 3)
    if run.end is not StageEnd.EXITED:
        end = RunEnd.TIMEOUT if run.end is StageEnd.TIMEOUT else RunEnd.OUTPUT_LIMIT
        return RunOutput(end=end, seconds=seconds)
    text = _value(result) if called else _text(result)
    if text is None:
        return RunOutput(end=RunEnd.FAILED, seconds=seconds)
    return RunOutput(end=RunEnd.ANSWERED, text=text, seconds=seconds)


def _text(result: ProgramResult) -> str | None:
    """Standard output of a program that succeeded."""
    if result.run is None or not result.run.succeeded:
        return None
    try:
        return result.run.stdout.decode().replace("\r\n", "\n").strip()
    except UnicodeDecodeError:
        return None


def _value(result: ProgramResult) -> str | None:
    """The value of a call that returned, as JSON; what the program wrote there is trusted in no other way."""
    if not result.succeeded or _ANSWER not in result.files:
        return None
    try:
        return json.dumps(json.loads(result.files[_ANSWER]), sort_keys=True, allow_nan=False)
    except (ValueError, RecursionError):
        return None


def _told(result: ProgramResult) -> str:
    if result.run is None:
        return "the generator did not run"
    last = result.run.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"the generator ended: {result.run.end}, code {result.run.return_code} {' '.join(last)}".strip()[
        :500
    ]
