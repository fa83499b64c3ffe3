"""Files of a data set repository on a hub, fetched one at a time into the hub's own cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..missing_extra_error import MissingExtraError


class HubError(RuntimeError):
    """The hub cannot be reached, or has no such data set; one line with the fix."""


def download(repository: str, revision: str, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yields the names of matching files and where they lie now; each is fetched when it is asked for.

    What was fetched before is not fetched again, also without network (`HF_HUB_OFFLINE=1`). The hub's address
    and token are those of `huggingface_hub` (`HF_ENDPOINT`, `HF_TOKEN`).

    Raises:
        MissingExtraError: If `huggingface_hub` is not installed.
        HubError: If the hub refuses, cannot be reached or has no matching file.
    """
    try:
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    except ImportError as error:
        raise MissingExtraError(repository, "huggingface_hub", "data") from error
    from .reader import matching

    try:
        info = HfApi().dataset_info(repository, revision=revision)
        names = matching((each.rfilename for each in info.siblings or ()), patterns)
        if not names:
            raise HubError(f"{repository} at {revision} has no file that matches {' or '.join(patterns)}")
        for name in names:
            local = hf_hub_download(repository, name, repo_type="dataset", revision=info.sha)
            yield name, Path(local)
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        raise HubError(f"{repository} cannot be fetched ({reason}); give a local path") from error
