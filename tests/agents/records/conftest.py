from pathlib import Path

import pytest

from .stored_runs import play_run


@pytest.fixture(scope="session")
def stored_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over two tasks; not to be written to."""
    return play_run(tmp_path_factory.mktemp("stored") / "run")
