"""An episode while it is played: what has been said, the exact ids of it, and the environment.

It advances turn by turn and can be branched between two turns, so that several continuations of one state
share the ids of their common past. Ids of a token-exact policy are carried from engine to record and never
made again from text.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

from ...envs.async_interpreter_env import AsyncInterpreterEnv, FailureKind, StepResult
from ...envs.task import Task
from ...rewards.episode_facts import CallFacts, TokenFacts
from ...tools.well_formed import well_formed
from ..policies.policy import (
    Completion,
    ContextOverflowError,
    Message,
    Policy,
    PolicyContext,
    PolicyError,
    Sampling,
)
from ..tokens.branch_builder import BranchBuilder
from ..tokens.drift import Drift
from ..tokens.transcript import Context, Transcript
from .episode import Episode, Failure, Request, StopReason, Turn
from .kept_result import kept_result
from .rollout_limits import RolloutLimits


class EpisodeRun:
    """One episode of one policy. `begin` it, `advance` it until it stops, `record` it."""

    def __init__(
        self,
        env: AsyncInterpreterEnv,
        policy: Policy,
        task: Task,
        limits: RolloutLimits,
        sampling: Sampling,
        seed: int | None,
    ) -> None:
        self.env = env
        self.policy = policy
        self.task = task
        self.limits = limits
        self.sampling = sampling
        self.seed = seed
        self.failure: tuple[Failure, str] | None = None
        self._id = uuid4().hex
        self._first: list[Message] = []
        self._messages: list[Message] = []
        self._turns: list[Turn] = []
        self._transcript: Transcript | None = None
        self._branches = BranchBuilder()
        self._drift = Drift()
        self._last: StepResult | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation so far."""
        return tuple(self._messages)

    @property
    def _tools(self) -> Sequence[Mapping[str, Any]]:
        """Schemas that travel beside the messages."""
        return self.env.toolbox.schemas() if self.env.parser.native else ()

    async def begin(self) -> StopReason | None:
        """Resets the environment; a reason if the episode is over before its first turn."""
        start = await self.env.reset(task=self.task, seed=self.seed)
        self._first = list(start.messages)
        self._messages = list(start.messages)
        if self.policy.template is not None:
            self._transcript = Transcript(self.policy.template, self._messages, self._tools)
            most = self.limits.prompt_tokens
            if most is not None and len(self._transcript.context_ids) > most:
                return await self._out_of_tokens()
        return None

    async def advance(self) -> StopReason | None:
        """Plays one turn; a reason if it was the last."""
        room = self._room()
        if room <= 0:
            return await self._out_of_tokens()
        asked = time.monotonic()
        try:
            completion = await self._sample(room)
        except ContextOverflowError:
            return await self._out_of_tokens()
        answered = time.monotonic()
        text = self._whole(completion.text)
        step = self._last = await self.env.step(text, tokens=self._tokens(completion))
        self._turns.append(_turn(completion, step, answered - asked, time.monotonic() - answered))
        ended = self._ended(step)
        if ended is not None:
            return ended
        return None if self._observe(completion, step) else await self._out_of_tokens()

    async def play(self) -> StopReason:
        """Plays on to the end, from the beginning or from where it stands."""
        stop = None if self._first else await self.begin()
        while stop is None:
            stop = await self.advance()
        return stop

    async def fork(self, *, seed: int | None = None) -> EpisodeRun:
        """Branches the episode between two turns.

        Args:
            seed: How the branch samples from now on; the one of this episode by default, and then the two
                differ only if the policy draws differently by itself.

        Returns:
            A run with an environment of its own, `env`, for the caller to close.

        Raises:
            EpisodeOverError: If the episode does not run.
            UnsupportedError: If the environment's back end cannot copy a live interpreter.
            ForkRefusedError: If this interpreter holds what a copy cannot share.
        """
        env = await self.env.fork()
        chosen = self.seed if seed is None else seed
        twin = EpisodeRun(env, self.policy, self.task, self.limits, self.sampling, chosen)
        twin._first, twin._messages = list(self._first), list(self._messages)
        twin._turns, twin._last = list(self._turns), self._last
        twin._transcript = self._transcript.copy() if self._transcript is not None else None
        twin._branches, twin._drift = self._branches.copy(), self._drift
        return twin

    def _room(self) -> int:
        """Tokens that the next message may have."""
        room = [self.limits.turn_tokens]
        if self._transcript is not None:
            if self.limits.response_tokens is not None:
                room.append(self.limits.response_tokens - self._transcript.response_length)
            if self._window is not None:
                room.append(self._window - len(self._transcript.context_ids))
        return min(room)

    @property
    def _window(self) -> int | None:
        """The most ids of a context, by the limits or by what the engine says of itself."""
        known = (self.limits.context_tokens, getattr(self.policy, "context_tokens", None))
        return min((most for most in known if most is not None), default=None)

    async def _sample(self, room: int) -> Completion:
        sampling = replace(
            self.sampling,
            max_tokens=min(room, self.sampling.max_tokens),
            stop=(*(self.env.parser.stop if self.limits.stop_at_call else ()), *self.sampling.stop),
            seed=self._turn_seed(),
        )
        if self._transcript is None:
            context = PolicyContext(self._messages, self._id, tools=self._tools)
            completion = self._restored(_well_formed(await self.policy(context, sampling)))
            if completion.prompt_ids:
                self._record_seen(completion)
            return completion
        context = PolicyContext(self._messages, self._id, prompt_ids=self._transcript.context_ids)
        completion = _well_formed(await self.policy(context, sampling))
        self._record_sampled(completion, self._transcript)
        return completion

    def _restored(self, completion: Completion) -> Completion:
        """With the stop text, which endpoints cut off."""
        if completion.finish_reason != "stop":
            return completion
        return replace(completion, text=self.env.parser.restore(completion.text))

    def _whole(self, text: str) -> str:
        """The message with the beginning of its thought, where that stands in the prompt."""
        begun = self._transcript is not None and self._transcript.template.opens_thought
        return f"<think>\n{text}" if begun and not text.lstrip().startswith("<think>") else text

    def _record_seen(self, completion: Completion) -> None:
        """Records what an endpoint says that it saw and sampled."""
        broke = self._branches.sampled(completion.prompt_ids, completion.token_ids, completion.logprobs)
        self._drift += Drift(turns=1, retokenized=broke)

    def _record_sampled(self, completion: Completion, transcript: Transcript) -> None:
        """Records what the engine was given and sampled, or, where it differs, what it says that it saw.

        Raises:
            PolicyError: If it sampled an id that no text has.
        """
        template, given = transcript.template, transcript.context_ids
        made = bool(completion.token_ids)
        ids = completion.token_ids or (*template.encode(completion.text), template.end_of_turn)
        padding = next((number for number in ids if not 0 <= number < template.vocabulary), None)
        if padding is not None:
            raise PolicyError(
                f"the engine sampled id {padding}, but the tokenizer ends at {template.vocabulary - 1}; "
                "have it suppress the padding of the embedding"
            )
        saw = completion.prompt_ids or given
        drifted = not made or saw != given or completion.prompt_tokens not in (0, len(given))
        self._branches.sampled(saw, ids, completion.logprobs, exact=made)
        self._drift += Drift(turns=1, drifted=drifted, retokenized=not template.survives_text(ids))
        transcript.sampled(ids, completion.text)

    def _tokens(self, completion: Completion) -> TokenFacts:
        """How long the new message and the response are, as far as the policy counts."""
        message = len(completion.token_ids) or completion.completion_tokens
        if self._transcript is not None:
            response: int | None = self._transcript.response_length
        else:
            counts = [*(turn.completion_tokens for turn in self._turns), message]
            response = sum(counts) if all(counts) else None
        cut = completion.finish_reason == "length"
        return TokenFacts(message or None, response, self.limits.response_tokens, cut)

    async def _out_of_tokens(self) -> StopReason:
        """Ends the episode, which is scored as it stands."""
        self._last = await self.env.end()
        return StopReason.TOKEN_LIMIT

    def _turn_seed(self) -> int | None:
        """A seed that differs between tasks and turns, or samples of different tasks would err together."""
        if self.seed is None:
            return None
        digest = hashlib.sha256(f"{self.seed} {self.task.id} {len(self._turns)}".encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def _ended(self, step: StepResult) -> StopReason | None:
        kind: FailureKind | None = step.info.get("failure")
        if kind is not None:
            self.failure = (Failure(kind.value), str(step.info.get("failure_message", "")))
            return StopReason.FAILURE
        if step.terminated:
            return StopReason.SUBMITTED
        if step.truncated:
            return StopReason(step.info["stop"])
        return None

    def _observe(self, completion: Completion, step: StepResult) -> bool:
        """Appends the observation; leaves it out and says False when no room for another message is left."""
        record = step.info["turn"]
        answers = [well_formed(answer) for answer in record.answers]
        messages: Sequence[Message] = self.env.parser.observations(answers, record.protocol)
        if self._transcript is not None:
            messages = self._transcript.template.told(messages)
        self._messages += [{"role": "assistant", "content": completion.text}, *messages]
        if self._transcript is None:
            return True
        context = self._next_context(self._transcript, messages)
        if context is None:
            return False
        self._transcript.go_on(messages, context)
        return True

    def _next_context(self, transcript: Transcript, messages: Sequence[Message]) -> Context | None:
        """What the engine must see next; None when it leaves no room for another message."""
        limits, context = self.limits, transcript.answered(messages)
        most, window = limits.response_tokens, self._window
        if most is not None and transcript.response_length + context.added >= most:
            return None
        if window is None:
            return context
        if limits.drop_observations and len(context.ids) + limits.turn_tokens > window:
            context = transcript.answered_within(messages, window - limits.turn_tokens) or context
        return context if len(context.ids) < window else None

    def record(
        self, stop: StopReason, failure: tuple[Failure, str] | None, seconds: float, labels: Mapping[str, Any]
    ) -> Episode:
        """The episode as far as it came."""
        info = self._last.info if self._last else {}
        fields = {
            "id": self._id,
            "task_id": self.task.id,
            "policy": self.policy.name,
            "seed": self.seed,
            "messages": tuple(dict(message) for message in self._first),
            "tool_schemas": tuple(dict(schema) for schema in self._tools),
            "action_format": self.env.parser.name,
            "turns": tuple(self._turns),
            "branches": self._branches.branches,
            "drift": self._drift if self._drift.turns else None,
            "submission": info.get("submission"),
            "verdict": info.get("verdict"),
            "reward": None if failure else self._last.reward if self._last else 0.0,
            "reward_parts": dict(info.get("reward_parts", {})),
            "stop": stop,
            "failure": failure[0] if failure else None,
            "failure_message": failure[1] if failure else "",
            "seconds": seconds,
        }
        return Episode.model_validate(fields | dict(labels))


def _well_formed(completion: Completion) -> Completion:
    """Without lone surrogates, which neither a log nor a request can carry."""
    text = well_formed(completion.text)
    return completion if text == completion.text else replace(completion, text=text)


def _turn(
    completion: Completion, step: StepResult, policy_seconds: float, environment_seconds: float
) -> Turn:
    record = step.info["turn"]
    return Turn(
        action=completion.text,
        observation=well_formed(step.observation),
        answers=tuple(map(well_formed, record.answers)) if len(record.answers) > 1 else (),
        code=tuple(map(well_formed, record.code)),
        results=tuple(map(kept_result, record.results)),
        requests=_requests(record.requests),
        calls=record.calls,
        host_calls=record.host_calls,
        parse_error=record.parse_error,
        protocol=record.protocol,
        repaired=record.repaired,
        left_out=record.left_out,
        invented_output=record.invented_output,
        answered=record.answered,
        void=record.facts.void,
        tokens=record.tokens,
        finish_reason=completion.finish_reason,
        stop_ignored=completion.stop_ignored,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        policy_seconds=policy_seconds,
        environment_seconds=environment_seconds,
        wait_seconds=record.wait_seconds,
    )


def _requests(calls: Sequence[CallFacts]) -> tuple[Request, ...]:
    cells = count()
    return tuple(
        Request(tool=call.tool, refused=call.refused, cell=None if call.result is None else next(cells))
        for call in calls
    )
