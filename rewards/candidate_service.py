"""What a submission's process answers to the examiner; nothing that it says is a verdict.

It gets the source, the name of one function and then the arguments of one call at a time: never a test, an
expected value or the number of tests. Arguments arrive as copies, so changing them changes nothing for the
examiner.
"""

from __future__ import annotations

import contextlib
import linecache
import socket
import sys
import types
from typing import Any

from .codec import CodecError
from .frames import receive_frame, send_frame

_MODULE = "solution"
_FILE = "solution.py"
_MESSAGE_LIMIT = 500


def serve(channel: socket.socket) -> None:
    """Announces itself, loads the submission and answers calls until the examiner hangs up."""
    # Bound before the submission runs, so that its changes to modules do not reach the loop by accident.
    receive, send, describe, call = receive_frame, send_frame, _describe, _call
    try:
        send(channel, {"ready": True})
        job = receive(channel)
        module, failure = _load(job["source"], job["entry_point"])
        send(channel, {"loaded": failure is None, "failure": failure})
        while module is not None:
            request = receive(channel)
            answer = call(module, request, describe)
            try:
                send(channel, {"nonce": request["nonce"], **answer})
            except CodecError as error:
                send(channel, {"nonce": request["nonce"], "error": describe(error)})
    except (EOFError, OSError):
        return


def _load(source: str, entry_point: str) -> tuple[types.ModuleType | None, dict[str, str] | None]:
    """Returns the module, or why there is none."""
    try:
        code = compile(source, _FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return None, {**_describe(error), "stage": "compile"}
    module = types.ModuleType(_MODULE)
    module.__file__ = _FILE
    sys.modules[_MODULE] = module
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)
    try:
        exec(code, module.__dict__)
        if entry_point not in module.__dict__:
            raise NameError(f"the submission does not define {entry_point!r}")
    except BaseException as error:  # noqa: BLE001 - the submission's failure is an answer here
        return None, {**_describe(error), "stage": "run"}
    return module, None


def _call(module: types.ModuleType, request: dict[str, Any], describe: Any) -> dict[str, Any]:
    try:
        function = module.__dict__[request["function"]]
        return {"value": function(*request["args"], **request["kwargs"])}
    except BaseException as error:  # noqa: BLE001 - the submission's failure is an answer here
        return {"error": describe(error)}


def _describe(error: BaseException) -> dict[str, str]:
    message = ""
    with contextlib.suppress(BaseException):
        message = str.__str__(str(error))[:_MESSAGE_LIMIT]
    return {"type": type(error).__name__[:100], "message": message}
