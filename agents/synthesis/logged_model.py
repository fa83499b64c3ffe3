"""A model whose replies are kept: what was asked before is not asked and not paid again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ..policies.policy import Completion, Message, Policy, PolicyContext, Sampling
from .content_key import content_key
from .ledger import Ledger
from .reply import Reply
from .stage_log import StageLog

_CHARACTERS_A_TOKEN = 4


class LoggedModel:
    """Asks one model, so many requests at once as all of them together may have.

    Args:
        policy: The model; its own deadline bounds every request.
        sampling: How it samples; sample `n` of a request has the seed `sampling.seed + n`.
        ledger: Where its replies are counted.
        gate: Holds requests back that are too many.
        extra: What else the policy puts into its requests.
    """

    def __init__(
        self,
        policy: Policy,
        sampling: Sampling,
        ledger: Ledger,
        gate: asyncio.Semaphore,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._policy, self._sampling = policy, sampling
        self._ledger, self._gate = ledger, gate
        self._extra = dict(extra or {})

    @property
    def identity(self) -> tuple[object, ...]:
        """What its replies depend on beside the request."""
        return self._policy.name, asdict(self._sampling), self._extra

    async def ask(self, log: StageLog, messages: Sequence[Message], sample: int = 0) -> Reply:
        """The reply to these messages.

        Args:
            log: Where replies of this stage are kept.
            messages: What is asked.
            sample: Which of several replies to the same messages.

        Raises:
            WorkStoppedError: If no further request may start.
            PolicyError: If the endpoint gave none, after its retries.
        """
        key = content_key(self.identity, [dict(message) for message in messages], sample)
        known = log.find(key)
        if known is not None:
            return Reply.model_validate(known)
        async with self._gate:
            self._ledger.check()
            seed = (self._sampling.seed or 0) + sample
            context = PolicyContext(messages, episode_id=key)
            completion = await self._policy(context, replace(self._sampling, seed=seed))
            reply = _reply(completion, messages)
            log.add(key, reply.model_dump())
        self._ledger.add(reply)
        return reply


def _reply(completion: Completion, messages: Sequence[Message]) -> Reply:
    asked, said = completion.prompt_tokens, completion.completion_tokens
    estimated = not (asked or said)
    if estimated:
        asked = sum(len(message["content"]) for message in messages) // _CHARACTERS_A_TOKEN
        said = len(completion.text) // _CHARACTERS_A_TOKEN
    return Reply(
        text=completion.text.encode(errors="replace").decode(),  # half characters cannot be written
        finished=completion.finish_reason != "length",
        prompt_tokens=asked,
        completion_tokens=said,
        estimated=estimated,
    )
