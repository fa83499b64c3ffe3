"""The data set that verl's SFT trainer loads in place of its own, by `data.custom_cls`.

verl's renders each message alone and learns all that the template writes after a message of the assistant;
this one gives what was tokenised once, as rollouts meet it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import torch
from torch.utils.data import Dataset

from ..tokens.token_file import TokenFile


class TokenDataset(Dataset):  # type: ignore[misc]
    """Samples of a `TokenFile`, in an order that `data.seed` gives."""

    def __init__(
        self,
        parquet_files: str | Sequence[str],
        tokenizer: Any,
        config: Mapping[str, Any],
        processor: Any = None,
        max_samples: int = -1,
    ) -> None:
        """Opens the file; the arguments are those that verl passes."""
        path = parquet_files if isinstance(parquet_files, str) else parquet_files[0]
        self._file = TokenFile(path)
        order = numpy.random.default_rng(config["seed"]).permutation(len(self._file))
        self._order = order if max_samples < 0 else order[:max_samples]

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        ids, mask = self._file[int(self._order[place])]
        return {
            "input_ids": torch.from_numpy(ids.astype(numpy.int64)),
            "position_ids": torch.arange(len(ids)),
            "loss_mask": torch.from_numpy(mask.astype(numpy.int64)),
        }
