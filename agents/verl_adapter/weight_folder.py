"""Weights as a folder of safetensors, written one by one so that no more than one file of them is held."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .whole_tensor import whole_tensor

if TYPE_CHECKING:
    import torch

_FILE_BYTES = 4 * 2**30


def write_weights(
    weights: Iterable[tuple[str, torch.Tensor]], folder: Path, file_bytes: int = _FILE_BYTES
) -> None:
    """Writes named tensors.

    Args:
        weights: The tensors, on any device, of one rank or of many.
        folder: A new folder.
        file_bytes: About the size at which a file is full.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    held: dict[str, torch.Tensor] = {}
    size = files = 0

    def write() -> None:
        nonlocal held, size, files
        save_file(held, folder / f"model-{files:05d}.safetensors", metadata={"format": "pt"})
        held, size, files = {}, 0, files + 1

    for name, tensor in weights:
        held[name] = whole_tensor(tensor).to("cpu", copy=True).contiguous()  # tied tensors share their memory
        size += held[name].nbytes
        if size >= file_bytes:
            write()
    if held:
        write()
