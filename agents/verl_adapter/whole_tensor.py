"""A parameter as one tensor, whether or not FSDP has spread it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def whole_tensor(tensor: torch.Tensor) -> torch.Tensor:
    """Gathers what is spread over ranks; then every rank has to call it."""
    return (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).detach()
