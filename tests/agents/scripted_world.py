"""A world that answers with given texts, and an engine that samples given ids and remembers what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.episode import Episode
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import EnvConfig
from replgym.envs.async_interpreter_env import EndReason, ResetResult, StepResult
from replgym.envs.turn_record import TurnRecord

Seen = tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]
"""Prompt ids, sampled ids, log-probabilities."""


class World:
    """The environment's side of an episode: fixed first messages, fixed answers, no interpreter."""

    def __init__(self, messages: Sequence[dict[str, str]], answers: Sequence[str], form: str) -> None:
        self._messages, self._answers = tuple(messages), list(answers)
        self.parser = EnvConfig(action_format=form).make_parser()
        self.heard: list[str] = []

    async def reset(self, **_: Any) -> ResetResult:
        return ResetResult(self._messages, {})

    async def step(self, text: str, **_: Any) -> StepResult:
        self.heard.append(text)
        answer = self._answers[len(self.heard) - 1]
        last = len(self.heard) == len(self._answers)
        info = {
            "turn": TurnRecord(text, answer, answers=(answer,)),
            "stop": EndReason.TURN_LIMIT if last else None,
        }
        return StepResult(answer, 0.0, False, last, info)

    async def end(self) -> StepResult:
        return StepResult("", 0.0, False, True, {"turn": TurnRecord("", "")})


@dataclass
class Engine:
    """Samples the n-th ids in the n-th turn, cut to what it may."""

    template: ChatTemplate
    script: Sequence[Sequence[int]]
    name: str = "engine"
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        number = len(self.seen)
        ids = tuple(self.script[number][: sampling.max_tokens])
        logprobs = tuple(-0.25 * (number + 1) - place / 64 for place in range(len(ids)))
        self.seen.append((context.prompt_ids, ids, logprobs))
        return Completion(
            text=self.template.message(ids, sampling.stop),
            token_ids=ids,
            logprobs=logprobs,
            prompt_tokens=len(context.prompt_ids),
            completion_tokens=len(ids),
        )


def assert_record_is_what_the_engine_saw(episode: Episode, seen: Sequence[Seen]) -> None:
    """Every sampled id is in exactly one branch, after exactly what the engine saw; nothing else counts."""
    branches = iter(episode.branches)
    branch, place, mask, logprobs = None, 0, [], []
    for prompt, ids, known in seen:
        whole = () if branch is None else branch.prompt_ids + branch.response_ids
        if branch is None or whole[: len(prompt)] != prompt or len(prompt) < place:
            if branch is not None:
                assert (list(branch.response_mask), list(branch.logprobs)) == (mask, logprobs)
            branch = next(branches)
            assert branch.prompt_ids == prompt
            whole, place, mask, logprobs = branch.prompt_ids + branch.response_ids, len(prompt), [], []
        assert whole[len(prompt) : len(prompt) + len(ids)] == ids
        mask += [0] * (len(prompt) - place) + [1] * len(ids)
        logprobs += [0.0] * (len(prompt) - place) + list(known)
        place = len(prompt) + len(ids)
    assert branch is not None
    assert (list(branch.response_mask), list(branch.logprobs)) == (mask, logprobs)
    assert len(branch.response_ids) == len(mask)
    assert next(branches, None) is None
