"""A peer from another framework: AutoGen's executor, one container per agent, one `docker exec` per cell.

It keeps no variables from cell to cell, so only its start and its trip for one cell are comparable. It takes
part where `autogen-ext` and `docker` are installed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from contenders import Contender, Session

from replgym.kernels import BackendOptions

NAME = "AutoGen's Docker executor"


class AutoGenSession:
    """One `DockerCommandLineCodeExecutor`."""

    def __init__(self, executor: Any, folder: Path) -> None:
        self._executor = executor
        self._folder = folder

    async def run(self, code: str) -> None:
        """Runs a cell as a program of its own."""
        from autogen_core import CancellationToken
        from autogen_core.code_executor import CodeBlock

        result = await self._executor.execute_code_blocks([CodeBlock(code, "python")], CancellationToken())
        if result.exit_code != 0:
            raise RuntimeError(f"AutoGen's executor failed: {result.output[:500]}")

    async def reset(self) -> None:
        """Restarts the container."""
        await self._executor.restart()

    async def close(self) -> None:
        """Stops the container."""
        await self._executor.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def contender() -> Contender:
    """The peer, on the image of the project."""
    image = BackendOptions().docker.image

    async def start() -> Session:
        from autogen_ext.code_executors.docker import DockerCommandLineCodeExecutor

        folder = Path(tempfile.mkdtemp(prefix="autogen-"))
        folder.chmod(0o777)
        executor = DockerCommandLineCodeExecutor(image=image, work_dir=folder)
        await executor.start()
        return AutoGenSession(executor, folder)

    async def close() -> None:
        return None

    return Contender(NAME, start, close, stateful=False)
