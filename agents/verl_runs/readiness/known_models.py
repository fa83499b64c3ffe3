"""Configurations of models that recipes name, for machines where the hub has not been asked yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"Qwen/(Qwen2\.5|Qwen3)(?:-Coder)?-([\d.]+B)(?:-Base|-Instruct)?(?:-1M)?")
_SIZES: Mapping[tuple[str, str], tuple[int, int, int, int, int, int]] = {
    # hidden, intermediate, layers, heads, key-value heads, vocabulary
    ("Qwen2.5", "0.5B"): (896, 4864, 24, 14, 2, 151936),
    ("Qwen2.5", "1.5B"): (1536, 8960, 28, 12, 2, 151936),
    ("Qwen2.5", "3B"): (2048, 11008, 36, 16, 2, 151936),
    ("Qwen2.5", "7B"): (3584, 18944, 28, 28, 4, 152064),
    ("Qwen2.5", "14B"): (5120, 13824, 48, 40, 8, 152064),
    ("Qwen2.5", "32B"): (5120, 27648, 64, 40, 8, 152064),
    ("Qwen3", "0.6B"): (1024, 3072, 28, 16, 8, 151936),
    ("Qwen3", "1.7B"): (2048, 6144, 28, 16, 8, 151936),
    ("Qwen3", "4B"): (2560, 9728, 36, 32, 8, 151936),
    ("Qwen3", "8B"): (4096, 12288, 36, 32, 8, 151936),
    ("Qwen3", "14B"): (5120, 17408, 40, 40, 8, 151936),
    ("Qwen3", "32B"): (5120, 25600, 64, 64, 8, 151936),
}
_TIED = ("0.5B", "0.6B", "1.5B", "1.7B", "3B", "4B")
_QWEN3_HEAD = 128


def known_settings(name: str) -> Mapping[str, Any] | None:
    """What stands in the `config.json` of a hub id and decides about size; None for others."""
    found = _NAME.fullmatch(name)
    size = _SIZES.get((found[1], found[2])) if found else None
    if found is None or size is None:
        return None
    keys = (
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "vocab_size",
    )
    settings = dict(zip(keys, size, strict=True)) | {"tie_word_embeddings": found[2] in _TIED}
    if found[1] == "Qwen2.5":
        return settings | {"model_type": "qwen2"}
    return settings | {"model_type": "qwen3", "head_dim": _QWEN3_HEAD}
