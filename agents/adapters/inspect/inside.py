"""Carries out one request of the sandbox inside its interpreter.

The source of this file is sent to the interpreter as it stands, so it needs the standard library alone. A
request and all data come and go as files of one folder, which the host writes and reads.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

_CHUNK = 1 << 16
_DRAIN_SECONDS = 0.5
"""How long output is awaited when the command has ended, and only what it left behind could still print."""
_NOT_FOUND = 127


def carry_out(folder: Path) -> None:
    """Reads `request`, does it, and writes `answer`."""
    request = json.loads((folder / "request").read_bytes())
    try:
        answer = _ACTIONS[request["action"]](folder, request)
    except OSError as error:
        path = request.get("path") or str(error.filename or request["command"][0])
        answer = {"errno": error.errno, "told": error.strerror or str(error), "path": path}
    except ValueError as error:
        answer = {"value_error": str(error)}
    (folder / "answer").write_text(json.dumps(answer), encoding="utf-8")


def _execute(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Runs a command to its end or its timeout; then its whole process group is killed."""
    program = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{program}:{os.environ.get('PATH', os.defpath)}", **request["env"]}
    with open(folder / "data", "rb") as given:
        try:
            process = subprocess.Popen(
                request["command"],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=_resolved(request["cwd"] or ""),
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            told = f"{error.filename}: {error.strerror}\n"
            return _left(folder, {"returncode": _NOT_FOUND}, b"", told.encode())
    readers = [_Reader(stream, request["limit"]) for stream in (process.stdout, process.stderr) if stream]
    answer: dict[str, Any] = {}
    try:
        process.wait(request["timeout"])
    except subprocess.TimeoutExpired:
        answer["timed_out"] = True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for reader in readers:
        reader.join(_DRAIN_SECONDS)
    code = process.returncode
    answer |= {"returncode": 128 - code if code < 0 else code, "cut": any(each.cut for each in readers)}
    return _left(folder, answer, *(bytes(each.data) for each in readers))


class _Reader(threading.Thread):
    """Reads a stream to its end and keeps the beginning."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        super().__init__(daemon=True)
        self.data = bytearray()
        self.cut = False
        self._stream, self._limit = stream, limit
        self.start()

    def run(self) -> None:
        """Reads on when nothing more is kept, so that the command does not block."""
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                self.cut = self.cut or len(self.data) + len(chunk) > self._limit
                self.data += chunk[: self._limit - len(self.data)]


def _left(folder: Path, answer: dict[str, Any], out: bytes, err: bytes) -> dict[str, Any]:
    """The answer to a command, beside what it printed."""
    (folder / "out").write_bytes(out)
    (folder / "err").write_bytes(err)
    return answer


def _read(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Copies a file to where the host reads it."""
    with open(_resolved(request["path"]), "rb") as source:
        size = os.fstat(source.fileno()).st_size
        if size > request["limit"]:
            return {"cut": True}
        with open(folder / "data", "wb") as target:
            shutil.copyfileobj(source, target)
    return {}


def _write(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Copies what the host has sent to its place."""
    path = _resolved(request["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(folder / "data", "rb") as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)
    return {}


def _resolved(path: str) -> Path:
    """A path as a command sees it: below the workspace, wherever cells have gone."""
    return Path(os.environ["HOME"]) / path


_ACTIONS = {"execute": _execute, "read": _read, "write": _write}
