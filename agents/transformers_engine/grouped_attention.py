"""Attention of one new token a lane that reads keys and values where they lie.

Where several heads share a key, they are the rows of one small product, so keys and values need not be
repeated for each head. Longer inputs take the library's own way.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

_NAME = "replgym_grouped"
_REPLACED = "sdpa"


def use_grouped_attention(model: Any) -> None:
    """Has a model of `transformers` attend this way where it would use torch's plain attention.

    Args:
        model: A causal language model; one with another kind of attention keeps it.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    if model.config._attn_implementation != _REPLACED:
        return
    AttentionInterface.register(_NAME, _grouped_attention)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    model.set_attn_implementation(_NAME)


def _grouped_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """Shapes: query (rows, heads, length, size), key and value (rows, shared heads, width, size)."""
    rows, heads, length, size = query.shape
    if length != 1 or attention_mask is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        plain: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **rest
        )
        return plain
    grouped = query.reshape(rows, key.shape[1], heads // key.shape[1], size)
    output = scaled_dot_product_attention(
        grouped, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling
    )
    return output.reshape(rows, 1, heads, size), None
