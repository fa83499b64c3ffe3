"""Section `model`: the policy to start from."""

from __future__ import annotations

from ..tiny_model import TinyModelConfig
from .section import Section


class ModelSettings(Section):
    """A model of `transformers`, or, without one, a small model from scratch."""

    path: str | None = None
    """A local folder, or the id of a model on the Hugging Face hub."""
    tiny: TinyModelConfig = TinyModelConfig()
    """Size of the model made from scratch."""
