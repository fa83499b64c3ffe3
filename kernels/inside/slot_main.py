"""Process 1 of a container: checks where it is, lets its host connect, and becomes the fork server.

It starts before any code that is not ours, which cannot look into it, since it is not dumpable.
When the host does not come, or goes away, it ends, and the container with it.
"""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

OLDEST_PYTHON = (3, 11)
OLDEST_IPYKERNEL = (6, 29)


def main(options: dict[str, Any]) -> None:
    """Serves the host.

    Args:
        options: Those of the fork server, and `token`: what the file `token` in the shared folder must hold.
    """
    if sys.version_info[:2] < OLDEST_PYTHON:
        found = _dotted(sys.version_info[:2])
        _give_up(f"the image has Python {found}; {_dotted(OLDEST_PYTHON)} or later is needed")
    _check_ipykernel()
    _check_folder(Path(options["folder"]), options["token"])
    # The second one for the sake of the children.
    from . import fork_server_main, slot_session  # noqa: F401
    from .privileges import hide_memory

    hide_memory()
    try:
        fork_server_main.main(options)
    except TimeoutError:
        _give_up("the host did not connect")
    except ImportError as error:
        _give_up(f"the image lacks a module that was to be imported ahead: {error}")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _check_ipykernel() -> None:
    needed = _dotted(OLDEST_IPYKERNEL)
    try:
        version = metadata.version("ipykernel")
    except metadata.PackageNotFoundError:
        _give_up(f"the image has no ipykernel; {needed} or later is needed")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_IPYKERNEL:
        _give_up(f"the image has ipykernel {version}; {needed} or later is needed")


def _check_folder(folder: Path, token: str) -> None:
    try:
        same = Path(folder, "token").read_text() == token
    except OSError:
        same = False
    if not same:
        _give_up("the engine does not see the folders of this machine; it must run on the same machine")
    if not os.access(folder / "control", os.W_OK):
        _give_up(f"the shared folder cannot be written by user {os.getuid()} of the container")


def _give_up(problem: str) -> NoReturn:
    sys.stderr.write(f"replgym: {problem}\n")  # the host reads it
    sys.stderr.flush()
    os._exit(3)
