"""A model on SGLang servers, token ids in and out."""

from __future__ import annotations

from ..engines import SGLangWire
from .engine_policy import EnginePolicy


class SGLangPolicy(EnginePolicy):
    """Samples with SGLang's native `/generate`."""

    wire = SGLangWire()
