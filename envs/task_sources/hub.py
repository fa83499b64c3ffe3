"""Files of a data set repository on a hub, fetched one at a time into the hub's own cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..missing_extra_error import MissingExtraError

_Result = TypeVar("_Result")
_SHOWN = 300


class HubError(RuntimeError):
    """The hub cannot be reached, or has no such data set; one line with the fix."""


def download(repository: str, revision: str, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yields the names of matching files and where they lie now; each is fetched when it is asked for.

    What was fetched before is not fetched again. All files are of one commit, the one that `revision` names
    at the start. The hub's address and token are those of `huggingface_hub` (`HF_ENDPOINT`, `HF_TOKEN`).

    Raises:
        MissingExtraError: If `huggingface_hub` is not installed.
        HubError: If the hub refuses, cannot be reached or has no matching file.
    """
    try:
        from huggingface_hub import HfApi, hf_hub_download
    except ImportError as error:
        raise MissingExtraError(repository, "huggingface_hub", "data") from error
    from .reader import matching

    info = _asked(repository, lambda: HfApi().dataset_info(repository, revision=revision))
    names = matching((each.rfilename for each in info.siblings or ()), patterns)
    if not names:
        raise HubError(f"{repository} at {revision} has no file that matches {' or '.join(patterns)}")
    for name in names:
        fetch = partial(hf_hub_download, repository, name, repo_type="dataset", revision=info.sha)
        yield name, Path(_asked(repository, fetch))


def _asked(repository: str, ask: Callable[[], _Result]) -> _Result:
    try:
        return ask()
    except Exception as error:  # the errors of its transports have no common class
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:_SHOWN]
        raise HubError(f"{repository} cannot be fetched ({reason}); give a local path") from error
