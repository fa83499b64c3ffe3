"""verl's rollout engine, whichever it is, as a token-exact policy."""

from __future__ import annotations

import asyncio
from typing import Any

from ..chat_template import ChatTemplate
from ..policy import Completion, PolicyContext, PolicyError, Sampling


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
    ) -> None:
        """Wraps `LLMServerClient`.

        Args:
            client: verl's client; one request id an episode keeps its turns on one server.
            template: The chat template of the model in training.
            sampling_params: verl's own; copied before use, since all episodes of a group share the mapping.
            deadline: Seconds for one message.
            keyed: Whether the engine takes the episode's id as a sampling parameter `key`, to go on from its
                cache. verl gives every request an id of its own, so the engine cannot know it otherwise.
        """
        self._client = client
        self._template = template
        self._params = sampling_params
        self._deadline = deadline
        self._keyed = keyed
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
            PolicyError: If the engine gave nothing within the deadline, or no ids.
        """
        params = self._params | {"max_new_tokens": sampling.max_tokens}
        if self._keyed:
            params["key"] = context.episode_id
        try:
            async with asyncio.timeout(self._deadline):
                made = await self._client.generate(
                    request_id=context.episode_id, prompt_ids=list(context.prompt_ids), sampling_params=params
                )
        except TimeoutError as error:
            raise PolicyError(f"the rollout engine gave no answer within {self._deadline:g} s") from error
        if not made.token_ids:
            raise PolicyError("the rollout engine gave no tokens")
        step = made.extra_fields.get("global_steps")
        if step is not None:
            self.versions.append(int(step))
        return Completion(
            text=self._template.decode(made.token_ids),
            token_ids=tuple(made.token_ids),
            logprobs=tuple(made.log_probs or ()),
            finish_reason=made.stop_reason or "stop",
            prompt_tokens=len(context.prompt_ids),
            completion_tokens=len(made.token_ids),
        )
