from __future__ import annotations

from collections.abc import Iterator

import pytest

from .running_server import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for a whole test file."""
    with running_server(
        tmp_path_factory.mktemp("server"), "--task-set", "humaneval", "--execution-seconds", "4"
    ) as running:
        yield running
