"""One running episode: its task, its interpreter, and what has happened so far."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from ..kernels.kernel_source import KernelSource
from ..rewards.code_extraction import extract_code
from ..rewards.episode_facts import CallFacts, EpisodeFacts, TokenFacts
from ..rewards.tests import Language, StdioTests
from ..rewards.verdict import Verdict
from ..tools.action_parser import ActionParser
from ..tools.interpreter_session import InterpreterSession, SubmissionError
from ..tools.tool import Observation
from ..tools.tool_call import ParsedAction
from ..tools.toolbox import Toolbox
from .end_reason import EndReason
from .env_config import EnvConfig
from .task import Task
from .turn_record import TurnRecord


@dataclass(slots=True)
class EpisodeState:
    """The state between reset and the end."""

    task: Task
    config: EnvConfig
    session: InterpreterSession
    lease: AsyncExitStack
    """Holds the kernel; closing it gives the kernel back."""
    started: float = field(default_factory=time.monotonic)
    turns: list[TurnRecord] = field(default_factory=list)

    @property
    def seconds_left(self) -> float:
        """What is left of the episode's time."""
        return self.config.episode_timeout - (time.monotonic() - self.started)

    @property
    def parse_errors(self) -> int:
        """Messages that could not be read."""
        return sum(bool(turn.parse_error) for turn in self.turns)

    def stop(self) -> EndReason | None:
        """Why the episode is over, or None."""
        if self.session.submission is not None:
            return EndReason.SUBMITTED
        if self.parse_errors >= self.config.parse_error_budget:
            return EndReason.PARSE_ERRORS
        if len(self.turns) >= self.config.max_turns:
            return EndReason.TURN_LIMIT
        return EndReason.TIME_LIMIT if self.seconds_left <= 0 else None

    async def fork(self, pool: KernelSource) -> EpisodeState:
        """Branches the episode: what has happened is shared, what happens from now on is not.

        Args:
            pool: Counts and closes the copy of the interpreter.

        Raises:
            KernelError: If the interpreter cannot be copied, or is dead.
        """
        async with AsyncExitStack() as stack:
            kernel = self.session.kernel
            if kernel is not None:
                kernel = await stack.enter_async_context(pool.adopt(await kernel.fork()))
            session = self.session.copy_for(kernel)
            return replace(self, session=session, lease=stack.pop_all(), turns=list(self.turns))

    def facts(self, verdict: Verdict | None) -> EpisodeFacts:
        """What rewards may depend on."""
        submission = self.session.submission
        turns = tuple(turn.facts for turn in self.turns)
        return EpisodeFacts(verdict, submission, turns, self.config.max_turns, submission is None)

    async def play(
        self, text: str, parser: ActionParser, toolbox: Toolbox, tokens: TokenFacts | None = None
    ) -> TurnRecord:
        """Plays one message and records the turn.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        begin = time.monotonic()
        action = parser.parse(text)
        answer = self._answer(text) if action.no_call else None
        if answer is not None:
            turn = TurnRecord(text, self._hand_in(answer), answered=self.session.submission is not None)
        else:
            turn = await self._carry_out(action, text, toolbox)
        turn = replace(turn, tokens=tokens or TokenFacts(), seconds=time.monotonic() - begin)
        self.turns.append(turn)
        return turn

    def _answer(self, text: str) -> str | None:
        """The program in a message without a call, where the settings say how to find it."""
        if self.config.code_extraction is None:
            return None
        tests = self.task.tests
        language = tests.language if isinstance(tests, StdioTests) else Language.PYTHON
        return extract_code(self.config.code_extraction, text, language=language)

    def _hand_in(self, source: str) -> str:
        """Hands a program in; what the model is told if it cannot be."""
        try:
            self.session.hand_in(source)
        except SubmissionError as error:
            return str(error)
        return ""

    async def _carry_out(self, action: ParsedAction, text: str, toolbox: Toolbox) -> TurnRecord:
        seen: list[Observation] = []
        for call in action.calls:
            left = self.seconds_left
            if self.session.submission is not None or left <= 0:
                break
            self.session.cell_timeout = min(self.config.cell_timeout, left)
            seen.append(await toolbox.carry_out(call, self.session))
        ran = [each for each in seen if each.result is not None]
        made = zip(action.calls, seen, strict=False)
        return TurnRecord(
            action=text,
            observation=action.error or "\n".join(each.text for each in seen if each.text),
            calls=len(seen),
            code=tuple(each.code for each in ran),
            results=tuple(each.result for each in ran if each.result is not None),
            host_calls=sum(each.host_calls for each in ran),
            parse_error=action.error,
            invented_output=action.invented_output,
            requests=tuple(CallFacts(call.name, o.code, o.result, o.refused) for call, o in made),
        )
