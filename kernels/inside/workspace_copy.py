"""Gives a forked process a workspace of its own, with the same files, and moves the process there."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable

from .fork_obstacles import Obstacle, OpenFile

_REOPENED = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK | os.O_DIRECTORY | os.O_SYNC


def copy_tree(source: str, target: str) -> None:
    """Copies files, folders and links; links to inside the source lead to inside the copy.

    Raises:
        Obstacle: If there is something that is none of these.
    """
    os.mkdir(target, 0o700)
    for folder, folders, files in os.walk(source):
        there = target + folder.removeprefix(source)
        for name in folders:
            if not os.path.islink(f"{folder}/{name}"):
                os.mkdir(f"{there}/{name}")
        for name in (*folders, *files):
            _copy_entry(f"{folder}/{name}", f"{there}/{name}", source, target)
        shutil.copystat(folder, there)


def _copy_entry(entry: str, copy: str, source: str, target: str) -> None:
    mode = os.lstat(entry).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(moved(os.readlink(entry), source, target), copy)
    elif stat.S_ISREG(mode):
        shutil.copy2(entry, copy)
    elif not stat.S_ISDIR(mode):
        raise Obstacle(f"{entry} is neither a file nor a folder; remove it first")


def moved(path: str, source: str, target: str) -> str:
    """The path in the copy, of a path in the source; any other as it is."""
    inside = path == source or path.startswith(f"{source}/")
    return target + path.removeprefix(source) if inside else path


def move_process(source: str, target: str, temporaries: tuple[str, str]) -> None:
    """Has the process live in the copy: its working directory, environment and import path.

    Args:
        source: The workspace so far.
        target: The copy.
        temporaries: The folders for temporary files, so far and from now on.
    """
    here = os.getcwd()
    os.chdir(moved(here, source, target) if here.startswith(source) else target)
    for name, value in os.environ.items():
        os.environ[name] = moved(moved(value, source, target), *temporaries)
    os.environ["HOME"], os.environ["TMPDIR"] = target, temporaries[1]
    tempfile.tempdir = None
    sys.path[:] = [moved(path, source, target) for path in sys.path]
    sys.path_importer_cache.clear()


def open_again(files: Iterable[OpenFile], source: str, target: str) -> None:
    """Opens what was open, under the same number and at the same place, but apart from the original."""
    for file in files:
        own = os.open(moved(file.path, source, target), file.flags & _REOPENED)
        if not file.flags & os.O_DIRECTORY:
            os.lseek(own, file.position, os.SEEK_SET)
        os.dup2(own, file.descriptor, inheritable=os.get_inheritable(file.descriptor))
        os.close(own)
