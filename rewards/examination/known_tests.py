"""The tests of the last tasks, read once: the submissions of a group share them."""

from __future__ import annotations

import pickle
from collections import OrderedDict

from pydantic import TypeAdapter

from ..tests import Tests
from .test_runs import TestRun, run_of

_REMEMBERED = 32
_REMEMBERED_BYTES = 32 << 20
_TESTS: TypeAdapter[Tests] = TypeAdapter(Tests)


class KnownTests:
    """Runs by the bytes of their tests."""

    def __init__(self) -> None:
        self._runs: OrderedDict[bytes, TestRun] = OrderedDict()

    def run_of(self, data: bytes) -> TestRun:
        """The run of these tests, which were dumped and pickled.

        Raises:
            BrokenTestsError: If no submission can be judged by them.
        """
        run = self._runs.pop(data, None) or run_of(_TESTS.validate_python(pickle.loads(data)))
        self._runs[data] = run
        while len(self._runs) > _REMEMBERED or sum(map(len, self._runs)) > _REMEMBERED_BYTES:
            self._runs.popitem(last=False)
        return run
