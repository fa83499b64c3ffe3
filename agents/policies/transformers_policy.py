"""A local `transformers` model as a token-exact policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from ..tokens.chat_template import ChatTemplate
from ..transformers_engine import BatchedGenerator
from .policy import Completion, PolicyContext, Sampling


class ModelPathError(ValueError):
    """The folder holds no model; one line that names it and the fix."""


class TransformersPolicy:
    """Samples with `BatchedGenerator`; concurrent episodes share one running batch."""

    def __init__(self, generator: BatchedGenerator, template: ChatTemplate, name: str) -> None:
        self._generator = generator
        self._template = template
        self._name = name

    @classmethod
    def load(cls, path: str | Path, *, max_lanes: int = 128) -> Self:
        """Loads a model and its tokenizer in float32 on CPU.

        Args:
            path: A local folder, or the name of a model on a hub.
            max_lanes: How many messages are sampled at once.

        Raises:
            ModelPathError: If there is no model at `path`.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(path)
            model = AutoModelForCausalLM.from_pretrained(path, dtype="float32").eval()
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelPathError(
                f"no model at {str(path)!r}: give a folder with config.json ({reason})"
            ) from error
        template = ChatTemplate(tokenizer)
        generator = BatchedGenerator(
            model,
            ends=(template.end_of_turn, *_ends(model)),
            vocabulary=template.vocabulary,
            decode=template.decode,
            max_lanes=max_lanes,
        )
        return cls(generator, template, str(path))

    @property
    def name(self) -> str:
        """The path or hub name of the model."""
        return self._name

    @property
    def template(self) -> ChatTemplate:
        """The model's own chat template."""
        return self._template

    @property
    def context_tokens(self) -> int | None:
        """The most ids that the model takes; None when its configuration does not say."""
        return self._generator.context_tokens

    @property
    def generator(self) -> BatchedGenerator:
        """The engine, for callers that bring ids of their own."""
        return self._generator

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Samples the next message from the exact ids of the context.

        Raises:
            PolicyError: If the model failed.
        """
        made = await self._generator.generate(context.prompt_ids, sampling, key=context.episode_id)
        return Completion(
            text=self._template.message(made.token_ids, sampling.stop),
            token_ids=made.token_ids,
            logprobs=made.logprobs,
            finish_reason=made.finish_reason,
            prompt_tokens=len(context.prompt_ids),
            completion_tokens=len(made.token_ids),
        )

    def close(self) -> None:
        """Ends the generator's thread; idempotent."""
        self._generator.close()


def _ends(model: Any) -> tuple[int, ...]:
    """The token ids at which the model's own configuration ends generation."""
    ends = model.generation_config.eos_token_id
    return tuple(ends) if isinstance(ends, list) else () if ends is None else (ends,)
