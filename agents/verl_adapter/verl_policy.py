"""verl's rollout engine, whichever it is, as a token-exact policy."""

from __future__ import annotations

import asyncio
from typing import Any

from ..policies.policy import Completion, PolicyContext, PolicyError, Sampling
from ..policies.stop_cut import length_to_stop
from ..tokens.chat_template import ChatTemplate

_ABORTED = ("abort", "aborted")
"""How verl's servers say that a message is not whole, as when weights change under it."""


class VerlPolicy:
    """Samples through the server client that verl hands to an agent loop."""

    def __init__(
        self,
        client: Any,
        template: ChatTemplate,
        sampling_params: dict[str, Any],
        *,
        deadline: float,
        keyed: bool = False,
        stops: bool = False,
    ) -> None:
        """Wraps `LLMServerClient`.

        Args:
            client: verl's client; one request id an episode keeps its turns on one server.
            template: The chat template of the model in training.
            sampling_params: verl's own; copied before use, since all episodes of a group share the mapping.
            deadline: Seconds for one message.
            keyed: Whether the engine takes the episode's id as a sampling parameter `key`, to go on from its
                cache. verl gives every request an id of its own, so the engine cannot know it otherwise.
            stops: Whether the engine has a tokenizer, and so takes stop texts. What another one samples after
                a stop text is cut off, id for id: what stands before it does not depend on it.
        """
        self._client = client
        self._template = template
        self._params = sampling_params
        self._deadline = deadline
        self._keyed = keyed
        self._stops = stops
        self.versions: list[int] = []
        """Training steps of the weights that answered, in order."""

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return "verl"

    @property
    def template(self) -> ChatTemplate:
        """The chat template of the model in training."""
        return self._template

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Samples from the exact ids of the context.

        Raises:
            PolicyError: If the engine gave nothing within the deadline, no ids, or a part of a message.
        """
        params = self._params | {"max_new_tokens": sampling.max_tokens}
        if self._keyed:
            params["key"] = context.episode_id
        if self._stops and sampling.stop:
            params["stop"] = list(sampling.stop)
        try:
            async with asyncio.timeout(self._deadline):
                made = await self._client.generate(
                    request_id=context.episode_id, prompt_ids=list(context.prompt_ids), sampling_params=params
                )
        except TimeoutError as error:
            raise PolicyError(f"the rollout engine gave no answer within {self._deadline:g} s") from error
        if not made.token_ids:
            raise PolicyError("the rollout engine gave no tokens")
        if made.stop_reason in _ABORTED:
            raise PolicyError("the rollout engine aborted the message before its end")
        step = made.extra_fields.get("global_steps")
        if step is not None:
            self.versions.append(int(step))
        return self._completion(context, sampling, made)

    def _completion(self, context: PolicyContext, sampling: Sampling, made: Any) -> Completion:
        length = length_to_stop(self._template.decode, made.token_ids, sampling.stop)
        ids = tuple(made.token_ids[:length])
        text = self._template.message(ids, sampling.stop)
        ended = ids[-1] == self._template.end_of_turn or any(stop in text for stop in sampling.stop)
        return Completion(
            text=text,
            token_ids=ids,
            logprobs=tuple((made.log_probs or ())[:length]),
            finish_reason="stop" if ended else "length",
            prompt_tokens=len(context.prompt_ids),
            completion_tokens=len(ids),
        )
