"""Whether the files of a supervised run hold conversations, tried with the first rows of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ....envs.task_sources.bad_row import BadRow
from ....envs.task_sources.conversation_reader import read_conversations
from ....envs.task_sources.row_files import UnknownFormatError
from ...verl_runs.readiness.fault_line import fault_line
from ...verl_runs.readiness.finding import Finding

_ROWS = 20
_NEED = "rows with a column messages, of roles and contents"
_FIX = "write it with replgym data sft"


def check_conversations(files: Sequence[str]) -> Iterator[Finding]:
    """Every file of `data.files`."""
    for name in files:
        yield _file(Path(name))


def _file(path: Path) -> Finding:
    if not path.is_file():
        return Finding.error("data", f"{path} is not there", _NEED, f"{_FIX}, or correct data.files")
    try:
        found = list(islice(read_conversations([path]), _ROWS))
    except UnknownFormatError as error:
        return Finding.error("data", str(error), _NEED, _FIX)
    except (OSError, ValueError) as error:
        return Finding.error("data", f"{path} cannot be read: {fault_line(error)}", _NEED, _FIX)
    bad = [row for row in found if isinstance(row, BadRow)]
    if not found:
        return Finding.error("data", f"{path} holds no rows", _NEED, _FIX)
    if len(bad) == len(found):
        told = f"{path}, row {bad[0].row}: {bad[0].field} {bad[0].message}"
        return Finding.error("data", told, _NEED, _FIX)
    note = f", {len(bad)} of the first {len(found)} rows cannot be used" if bad else ""
    return Finding.ok("data", f"{path}{note}")
