"""Tokenised samples on disk: an Arrow file that every process of a node maps, not reads.

A row is `{id, input_ids, loss_mask}`. Where the mask is 1 the model learns to write that id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ...envs.whole_file import whole_file
from .branch import Branch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 256


class TokenFileWriter:
    """Writes samples as they come."""

    def __init__(self, file: Any, schema: Any) -> None:
        self._file, self._schema = file, schema
        self._rows: list[dict[str, Any]] = []

    @classmethod
    @contextmanager
    def to(cls, path: Path) -> Iterator[Self]:
        """Opens a writer of a file that is whole or not there."""
        import pyarrow

        schema = pyarrow.schema(
            {
                "id": pyarrow.string(),
                "input_ids": pyarrow.list_(pyarrow.int32()),
                "loss_mask": pyarrow.list_(pyarrow.uint8()),
            }
        )
        with whole_file(path) as beside, pyarrow.ipc.new_file(beside, schema) as file:
            writer = cls(file, schema)
            yield writer
            writer._flush()

    def add(self, name: str, branch: Branch) -> None:
        """Appends a sample."""
        mask = (0,) * len(branch.prompt_ids) + branch.response_mask
        self._rows.append(
            {"id": name, "input_ids": branch.prompt_ids + branch.response_ids, "loss_mask": mask}
        )
        if len(self._rows) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        if self._rows:
            self._file.write_batch(pyarrow.RecordBatch.from_pylist(self._rows, self._schema))
            self._rows = []


class TokenFile:
    """The samples of a file, by number."""

    def __init__(self, path: Path | str) -> None:
        import pyarrow

        table = pyarrow.ipc.open_file(pyarrow.memory_map(str(path))).read_all()
        self._ids, self._masks = table.column("input_ids"), table.column("loss_mask")

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, number: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Ids and mask of a sample, of one length."""
        return tuple(column[number].values.to_numpy() for column in (self._ids, self._masks))
