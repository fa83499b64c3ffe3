"""A model on SGLang servers, token ids in and out."""

from __future__ import annotations

from .engine_policy import EnginePolicy
from .engines import SGLangWire


class SGLangPolicy(EnginePolicy):
    """Samples with SGLang's native `/generate`."""

    wire = SGLangWire()
