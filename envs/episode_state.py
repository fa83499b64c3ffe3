"""One running episode: its task, its interpreter, and what has happened so far."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace

from ..kernels.cell_result import CellStatus
from ..kernels.kernel_source import KernelSource
from ..rewards.code_extraction import extract_code, program_of_cells
from ..rewards.episode_facts import CallFacts, EpisodeFacts, TokenFacts
from ..rewards.tests import Language, StdioTests
from ..rewards.verdict import Verdict
from ..tools.debugger.debug_session import DebugSession
from ..tools.debugger.debugger_tool import Debugger
from ..tools.formats.action_parser import ActionParser
from ..tools.formats.call_answers import answers_to
from ..tools.host_function import HostFunction
from ..tools.interpreter_session import InterpreterSession, SubmissionError
from ..tools.python_interpreter import PythonInterpreter
from ..tools.tool import Observation
from ..tools.tool_call import ParsedAction
from ..tools.tool_mode import ToolMode
from ..tools.toolbox import Toolbox
from ..tools.turned_off_interpreter import read_submission
from .end_reason import EndReason
from .env_config import EnvConfig
from .interpreter_lease import InterpreterLease
from .task import Task
from .turn_record import TurnRecord

_DEBUGGER_PATIENCE = 60.0
"""Seconds: an episode that waits for a second interpreter holds the first one meanwhile."""

_LIMITS = (EndReason.TURN_LIMIT, EndReason.CELL_LIMIT)


@dataclass(slots=True)
class EpisodeState:
    """The state between reset and the end."""

    task: Task
    config: EnvConfig
    session: InterpreterSession
    leases: tuple[InterpreterLease, InterpreterLease]
    """For its cells, and for the programs that it debugs."""
    deadline: float
    """When the episode's time is over, on the monotonic clock."""
    turns: list[TurnRecord] = field(default_factory=list)

    @classmethod
    def begin(cls, task: Task, config: EnvConfig, pool: KernelSource, toolbox: Toolbox) -> EpisodeState:
        """A new episode, which takes its interpreter from the pool when its first cell is to run."""
        deadline = time.monotonic() + config.episode_timeout
        patience = config.acquire_timeout
        lease = InterpreterLease(pool, deadline=deadline, patience=patience)
        debug_lease = InterpreterLease(pool, deadline=deadline, patience=patience or _DEBUGGER_PATIENCE)
        world = task.world
        session = InterpreterSession(
            lease if toolbox.has_interpreter else None,
            () if world is None else (HostFunction("f", world.answer, world.calls_per_cell),),
            cell_timeout=config.cell_timeout,
            deadline=deadline,
            stateless=config.mode is ToolMode.STATELESS,
            debugger=_debug_session(config, debug_lease, deadline),
        )
        return cls(task, config, session, (lease, debug_lease), deadline)

    @property
    def seconds_left(self) -> float:
        """What is left of the episode's time."""
        return self.deadline - time.monotonic()

    @property
    def parse_errors(self) -> int:
        """Messages that could not be read."""
        return sum(bool(turn.parse_error) for turn in self.turns)

    @property
    def cells(self) -> int:
        """Cells that ran."""
        return sum(len(turn.code) for turn in self.turns)

    def stop(self) -> EndReason | None:
        """Why the episode is over, or None; of several reasons the first one here."""
        if self.session.submission is not None:
            return EndReason.SUBMITTED
        if self.parse_errors >= self.config.parse_error_budget:
            return EndReason.PARSE_ERRORS
        if not self._may_run(0):
            return EndReason.CELL_LIMIT
        if len(self.turns) >= self.config.max_turns:
            return EndReason.TURN_LIMIT
        return EndReason.TIME_LIMIT if self.seconds_left <= 0 else None

    async def fork(self) -> EpisodeState:
        """Branches the episode: what has happened is shared, what happens from now on is not.

        Raises:
            KernelError: If the interpreter cannot be copied, or is dead.
        """
        cells, debugger = self.leases
        leases = (await cells.fork(), debugger.anew())
        return replace(self, session=self.session.copy_for(*leases), leases=leases, turns=list(self.turns))

    async def release(self) -> None:
        """Gives the interpreters back; idempotent."""
        for lease in self.leases:
            await lease.end()

    def facts(self, verdict: Verdict | None) -> EpisodeFacts:
        """What rewards may depend on."""
        submission = self.session.submission
        turns = tuple(turn.facts for turn in self.turns)
        return EpisodeFacts(verdict, submission, turns, self.config.max_turns, submission is None)

    async def play(
        self, text: str, parser: ActionParser, toolbox: Toolbox, tokens: TokenFacts | None = None
    ) -> TurnRecord:
        """Plays one message and records the turn.

        Where the program in the cells is the answer, the last message hands it in as well.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        begin, waited = time.monotonic(), self._waited
        action = parser.parse(text)
        answer = self._answer(action.text) if action.no_call else None
        if answer is not None:
            turn = self._answered(answer, action, text)
        else:
            cut = tokens is not None and tokens.cut
            turn = await self._carry_out(action, text, toolbox, cut=cut)
        turn = replace(
            turn,
            tokens=tokens or TokenFacts(),
            seconds=time.monotonic() - begin,
            wait_seconds=self._waited - waited,
        )
        self.turns.append(turn)
        if self.config.takes_last_cell and self.stop() in _LIMITS:
            self._hand_in_cells()
        return turn

    @property
    def _waited(self) -> float:
        """Seconds that went by waiting for interpreters."""
        return sum(lease.waited for lease in self.leases)

    def _answer(self, text: str) -> str | None:
        """The program that a message without a call stands for, where the settings say how to find it."""
        if self.config.code_extraction is None:
            return None
        if self.config.takes_last_cell:
            return self._program_of_cells()
        tests = self.task.tests
        language = tests.language if isinstance(tests, StdioTests) else Language.PYTHON
        program = extract_code(self.config.code_extraction, text, language=language)
        return program and (read_submission(program) or program)

    def _program_of_cells(self) -> str | None:
        cells = [
            (code, result.status is CellStatus.OK)
            for turn in self.turns
            for code, result in zip(turn.code, turn.results, strict=True)
        ]
        return program_of_cells(cells, self.task.tests, alone=self.config.mode is ToolMode.STATELESS)

    def _hand_in_cells(self) -> None:
        program = self._program_of_cells()
        if program is not None:
            with contextlib.suppress(SubmissionError):  # no message is left that could mend it
                self.session.hand_in(program)

    def _answered(self, source: str, action: ParsedAction, text: str) -> TurnRecord:
        """Hands a program in; the model is told if it cannot be."""
        told = ""
        try:
            self.session.hand_in(source)
        except SubmissionError as error:
            told = str(error)
        return TurnRecord(
            action=text,
            observation=told,
            answers=(told,),
            protocol="answer",
            invented_output=action.invented_output,
            answered=self.session.submission is not None,
        )

    async def _carry_out(self, action: ParsedAction, text: str, toolbox: Toolbox, *, cut: bool) -> TurnRecord:
        seen: list[Observation] = []
        for call in action.calls:
            if self.session.submission is not None or self.seconds_left <= 0:
                break
            if call.name == PythonInterpreter.name and not self._may_run(_cells(seen)):
                break
            seen.append(await toolbox.carry_out(call, self.session))
        ran = [each for each in seen if each.result is not None]
        made = zip(action.calls, seen, strict=False)
        answers = answers_to(action, [each.text for each in seen], cut=cut)
        return TurnRecord(
            action=text,
            observation="\n".join(answer for answer in answers if answer),
            answers=answers,
            calls=len(seen),
            code=tuple(each.code for each in ran),
            results=tuple(each.result for each in ran if each.result is not None),
            host_calls=sum(each.host_calls for each in seen),
            parse_error=action.error,
            protocol=action.protocol,
            repaired=action.repaired,
            left_out=action.left_out,
            invented_output=action.invented_output,
            requests=tuple(CallFacts(call.name, o.code, o.result, o.refused) for call, o in made),
        )

    def _may_run(self, cells: int) -> bool:
        """Whether another cell may run, when so many ran in the turn that is being played."""
        most = self.config.max_cells
        return most is None or self.cells + cells < most


def _debug_session(config: EnvConfig, lease: InterpreterLease, deadline: float) -> DebugSession | None:
    """The debugger, where the settings have one."""
    if Debugger.name not in config.tool_names:
        return None
    return DebugSession(lease, seconds=config.cell_timeout, deadline=deadline, limit=config.observation_limit)


def _cells(seen: list[Observation]) -> int:
    return sum(each.result is not None for each in seen)
