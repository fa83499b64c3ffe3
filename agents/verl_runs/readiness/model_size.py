"""The size of a model, counted on a copy of it that holds no weights.

`transformers` builds the model of a configuration on the device "meta", where a tensor has a shape and
nothing else, so the count is that of the real model for every architecture that `transformers` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .fault_line import fault_line


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What of a model decides about memory; all counts are numbers, not bytes."""

    parameters: int
    """All weights; tied ones once."""
    layer_parameters: int
    """Weights of the largest layer."""
    layers: int
    hidden: int
    """Width of a token between layers."""
    intermediate: int
    """Width inside a feed-forward block; of all experts that a token passes."""
    key_value: int
    """Width of a token's keys; its values have the same."""
    vocabulary: int
    tied: bool
    """Whether input and output share their embedding."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Counts.

        Args:
            settings: The content of the model's `config.json`.

        Raises:
            ValueError: If `transformers` knows no such model, or the settings make none.
        """
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        values = dict(settings)
        try:
            config = AutoConfig.for_model(values.pop("model_type"), **values)
            with torch.device("meta"):
                model = AutoModelForCausalLM.from_config(config)
        except Exception as error:
            raise ValueError(f"transformers makes no model of it: {fault_line(error)}") from error
        text = config.get_text_config()
        heads = text.num_attention_heads
        head = getattr(text, "head_dim", None) or text.hidden_size // heads
        return cls(
            parameters=sum(weight.numel() for weight in model.parameters()),
            layer_parameters=max(_count(layer) for layer in _layers(model)),
            layers=text.num_hidden_layers,
            hidden=text.hidden_size,
            intermediate=_intermediate(text),
            key_value=head * (getattr(text, "num_key_value_heads", None) or heads),
            vocabulary=text.vocab_size,
            tied=bool(config.tie_word_embeddings),
        )

    @property
    def embedding_parameters(self) -> int:
        """Weights outside the layers, nearly all of which are embeddings."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)


def _layers(model: Any) -> list[Any]:
    """The repeated blocks, which are also what FSDP gathers at a time."""
    kinds = model._no_split_modules or ()
    return [module for module in model.modules() if type(module).__name__ in kinds] or [model]


def _count(module: Any) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _intermediate(text: Any) -> int:
    experts = getattr(text, "num_experts_per_tok", None)
    if experts:
        return int(experts * getattr(text, "moe_intermediate_size", text.intermediate_size))
    return int(text.intermediate_size)
