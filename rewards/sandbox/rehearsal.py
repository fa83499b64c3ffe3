"""Does once what every process of a submission does, before they are forked: they find everything warm.

What a process does for the first time writes to memory that it shares with its parent, and so has it copied.
"""

from __future__ import annotations

import builtins
import linecache
import marshal
import os
import socket
import sys

from ..conversation import candidate_service
from ..conversation.frames import send_text
from . import anonymous_file

_ROUNDS = 20
_MODULE = "solution"
_SOURCE = '''
from typing import List, Optional
import math, re, collections, functools, heapq, bisect, string, operator, copy, json


def f(values: List[int], least: Optional[int] = None) -> list:
    """Keeps what is large enough."""
    found = [value for value in values if least is None or value >= least]
    counts = {str(value): len(found) for value in found}
    return sorted(found), counts, sum(found) / 2, "%d" % len(values)
'''


def rehearse() -> None:
    """Answers an examiner that asks for a few calls; this source is our own."""
    kept = sys.stdout, sys.stderr, builtins.input
    calls = [("f", marshal.dumps((([3, 1, 2], 2), {})))] * 3
    job: dict[str, object] = {
        "source": _SOURCE,
        "preamble": "",
        "module": _MODULE,
        "entry_point": "f",
        "data_classes": [],
    }
    job |= {"beside": False, "ahead": {"nonce": "", "calls": calls}}
    for _ in range(_ROUNDS):
        ours, theirs = socket.socketpair()
        answers = anonymous_file.create()
        try:
            send_text(ours, marshal.dumps(job))
            ours.shutdown(socket.SHUT_WR)
            candidate_service.serve(theirs, answers)
        finally:
            sys.stdout, sys.stderr, builtins.input = kept
            sys.modules.pop(_MODULE, None)
            linecache.cache.pop(f"{_MODULE}.py", None)
            os.close(answers)
            ours.close()
            theirs.close()
