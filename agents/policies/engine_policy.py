"""A model behind HTTP servers that take and give token ids: what SGLang and vLLM have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from ..engines import EngineFleet, EngineWire, FleetLimits, FleetStats, GenerateRequest
from ..engines.fleet_check import FleetCheck, FleetFacts
from ..tokens.chat_template import ChatTemplate
from .policy import Completion, PolicyContext, PolicyError, Sampling
from .stop_cut import length_to_stop


class EnginePolicy:
    """Samples from the exact ids of the context; `SGLangPolicy` and `VLLMPolicy` say in which protocol."""

    wire: EngineWire

    def __init__(
        self,
        template: ChatTemplate,
        urls: Sequence[str],
        *,
        name: str,
        model: str | None = None,
        api_key: str | None = None,
        limits: FleetLimits | None = None,
    ) -> None:
        """Opens no connection yet; call `check` before the first message.

        Args:
            template: The chat template of the model that the servers serve.
            urls: The servers; all of the same model.
            name: What reports call this policy.
            model: The model's name at the servers, where they serve more than one.
            api_key: The key, where the servers want one.
            limits: Bounds on time, attempts and sizes.

        Raises:
            ValueError: If there is no URL, or one is none.
        """
        self._template = template
        self._name = name
        self._model = model
        self._fleet = EngineFleet(urls, self.wire, api_key=api_key, limits=limits)
        self._facts = FleetFacts()

    @classmethod
    def load(
        cls,
        tokenizer: str,
        urls: Sequence[str],
        *,
        model: str | None = None,
        api_key: str | None = None,
        limits: FleetLimits | None = None,
    ) -> Self:
        """Loads the tokenizer of the model; the other arguments are those of the constructor.

        Args:
            tokenizer: A local folder, or the name of a model on a hub.
            urls: The servers.
            model: The model's name at the servers.
            api_key: The key.
            limits: Bounds on time, attempts and sizes.
        """
        from transformers import AutoTokenizer

        template = ChatTemplate(AutoTokenizer.from_pretrained(tokenizer))
        return cls(template, urls, name=model or tokenizer, model=model, api_key=api_key, limits=limits)

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return self._name

    @property
    def template(self) -> ChatTemplate:
        """The chat template of the model."""
        return self._template

    @property
    def context_tokens(self) -> int | None:
        """The most ids that the engine can hold, as far as `check` was told."""
        return self._facts.context_tokens

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Samples the next message.

        Raises:
            PolicyError: If no server gave an exact answer, or the context leaves no room for one.
        """
        request = GenerateRequest(
            id=context.episode_id,
            prompt_ids=tuple(context.prompt_ids),
            sampling=self._within_context(sampling, len(context.prompt_ids)),
            stop_token_ids=(self._template.end_of_turn,),
            vocabulary=self._template.vocabulary,
            model=self._facts.model or self._model,
        )
        answer = await self._fleet.generate(request, episode=context.episode_id)
        length = length_to_stop(self._template.decode, answer.token_ids, sampling.stop)
        ids = answer.token_ids[:length]
        known = self._facts.scaled_logprobs or sampling.temperature in (0.0, 1.0)
        return Completion(
            text=self._template.message(ids, sampling.stop),
            token_ids=ids,
            logprobs=answer.logprobs[:length] if known else (),
            finish_reason="stop" if length is not None else answer.finish_reason.value,
            prompt_ids=answer.prompt_ids,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=len(ids),
            weight_version=answer.weight_version,
        )

    async def check(self) -> None:
        """Learns what the servers serve, and that their ids are those of the tokenizer, before a run.

        Raises:
            EndpointError: If a server does not answer, refuses the key, does not serve the model or has
                another tokenizer.
        """
        self._facts = await FleetCheck(self._fleet, self._template, self._model).run()

    def stats(self) -> FleetStats:
        """What the servers were asked so far."""
        return self._fleet.stats()

    async def close(self) -> None:
        """Closes the connections; idempotent."""
        await self._fleet.close()

    def _within_context(self, sampling: Sampling, prompt: int) -> Sampling:
        """Engines refuse a message that could outgrow the context, so it is bounded here."""
        if self._facts.context_tokens is None:
            return sampling
        room = self._facts.context_tokens - prompt
        if room < 1:
            kept = self.wire.reserved_tokens
            held = f"{self._facts.context_tokens + kept}" + (f", {kept} of them for itself" if kept else "")
            raise PolicyError(f"the context of {prompt} ids is too long: the engine holds {held}")
        return replace(sampling, max_tokens=min(sampling.max_tokens, room))
