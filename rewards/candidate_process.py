"""The process in which a submission runs: it confines itself and then serves the examiner."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from typing import Any

from .candidate_service import serve
from .confinement import die_with_parent, drop_privileges, enter_pid_namespace, limit_resources

_FILE = "solution.py"


def main(argument: dict[str, Any]) -> None:
    """Confines itself, loads the submission and answers calls until the examiner hangs up.

    Args:
        argument: `fd` (socket to the examiner), `cwd`, `memory` (bytes), `cpu_seconds`.
    """
    channel = socket.socket(fileno=argument["fd"])
    if enter_pid_namespace():
        _run_in_child(channel)
    os.chdir(argument["cwd"])
    limit_resources(argument["memory"], argument["cpu_seconds"])
    drop_privileges(argument["cwd"])
    _clear_surroundings(argument["cwd"])
    serve(channel)
    os._exit(0)


def _run_in_child(channel: socket.socket) -> None:
    """Goes on in a child, the first process of the new namespace; the parent only waits and then exits."""
    pid = os.fork()
    if pid == 0:
        die_with_parent()
        os.setsid()
        return
    channel.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _clear_surroundings(cwd: str) -> None:
    os.environ.clear()
    os.environ.update(HOME=cwd, TMPDIR=cwd, PATH="/usr/bin:/bin", LANG="C.UTF-8")
    tempfile.tempdir = None
    sys.argv = [_FILE]
