"""Taking single files and folders out of what a sandbox shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ...kernels.inside import landlock, mounts, privileges
from ...kernels.inside.confinement import Confinement


def hide(paths: Sequence[str], confinement: Confinement) -> None:
    """Hides files and folders from the calling process and all that it starts.

    In a mount namespace of its own nothing is mounted over them. Otherwise Landlock grants everything beside
    them, below what it grants each submission. Without either they stay where they are.
    """
    existing = [path for path in paths if os.path.exists(path)]
    if confinement.own_namespaces:
        for path in existing:
            _cover(path)
    elif existing and confinement.landlock:
        privileges.forbid_new_privileges()
        landlock.restrict_files((), _without("/", existing), tcp=True)


def _cover(path: str) -> None:
    if os.path.isdir(path):
        mounts.mount_new("tmpfs", path, "mode=755,size=4k")
        mounts.freeze(path)
    else:
        mounts.bind("/dev/null", path)


def _without(path: str, hidden: Sequence[str]) -> Iterator[str]:
    """A folder as what is in it, so that some paths are left out; one that holds none of them as it is."""
    if path in hidden:
        return
    if not any(place.startswith(f"{path.rstrip('/')}/") for place in hidden):
        yield path
        return
    with os.scandir(path) as entries:
        # What a link leads to is found at its own place.
        for entry in (entry for entry in entries if not entry.is_symlink()):
            yield from _without(entry.path, hidden)
