"""What has programs behave as a model needs it: no colours, no questions, no litter; its modules import."""

from __future__ import annotations

import os
import sys

_VARIABLES = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "PIP_NO_INPUT": "1",
    "PIP_RETRIES": "0",
    "PIP_DEFAULT_TIMEOUT": "5",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_ROOT_USER_ACTION": "ignore",
}
_FOREIGN = ("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "PYTHONBREAKPOINT")
"""What a server's own surroundings force on programs: colours, a debugger that asks elsewhere."""
_LITTER = {"MPLCONFIGDIR": "matplotlib", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}


def settle_environment() -> None:
    """Sets the variables and the path; caches go to the temporary folder, and not to the workspace."""
    import tempfile  # here, because this module is loaded where memory counts

    settle_habits()
    for name, folder in cache_places(tempfile.gettempdir()).items():
        os.environ.setdefault(name, folder)


def settle_habits() -> None:
    """Sets what is the same for all interpreters."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(_VARIABLES)


def cache_places(temporary: str) -> dict[str, str]:
    """The variables that have caches go to a folder."""
    return {name: os.path.join(temporary, folder) for name, folder in _LITTER.items()}
