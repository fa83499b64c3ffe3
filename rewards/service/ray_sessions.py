"""Sessions on a Ray cluster: each lives in one of several actors, which its name alone decides.

So every server finds the session that another one began, without asking anybody.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from typing import Any

from ..programs import ProgramError
from .jupyter_runs import JupyterRuns
from .sandbox_models import BadFileError, RunJupyterRequest, RunJupyterResponse
from .service_settings import ServiceSettings
from .work_queue import QueueFullError, QueueTimeoutError

_RETRY_SECONDS = 5
_Answer = tuple[str, str]


class SessionHost:
    """The actor: the sessions whose names lead here.

    Args:
        settings: As for `JupyterRuns`.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._runs: JupyterRuns | None = None

    async def run(self, body: str) -> _Answer:
        """Runs the cells of a request; gives its kind of answer and the text of it, for exceptions too."""
        if self._runs is None:
            self._runs = JupyterRuns(self._settings)
        try:
            response = await self._runs.run(RunJupyterRequest.model_validate_json(body))
        except QueueFullError as error:
            return "full", str(error)
        except QueueTimeoutError as error:
            return "late", str(error)
        except (BadFileError, ProgramError) as error:
            return "bad", str(error)
        return "done", response.model_dump_json()

    async def close(self) -> None:
        """Ends all sessions; idempotent."""
        if self._runs is not None:
            await self._runs.close()


class RaySessions:
    """A `JupyterRunner` whose sessions are those of the cluster, and whose single requests run here.

    Args:
        settings: As for `JupyterRuns`.
        hosts: The actors, in the same order for everybody.
    """

    def __init__(self, settings: ServiceSettings, hosts: Sequence[Any]) -> None:
        self._alone = JupyterRuns(settings)
        self._patience = settings.sandbox_queue_seconds
        self._hosts = hosts

    @property
    def count(self) -> int:
        """None lives here."""
        return self._alone.count

    async def run(self, request: RunJupyterRequest) -> RunJupyterResponse:
        """Runs cells where they belong; see `JupyterRunner.run`."""
        import ray

        if request.session_id is None:
            return await self._alone.run(request)
        host = self._hosts[zlib.crc32(request.session_id.encode()) % len(self._hosts)]
        asked = host.run.remote(request.model_dump_json())
        try:
            kind, text = await asked
        except asyncio.CancelledError:
            ray.cancel(asked)
            raise
        match kind:
            case "full":
                raise QueueFullError(text, _RETRY_SECONDS)
            case "late":
                raise QueueTimeoutError(text, _RETRY_SECONDS)
            case "bad":
                raise ProgramError(text)
        return RunJupyterResponse.model_validate_json(text)

    async def close(self) -> None:
        """Ends what runs here; idempotent."""
        await self._alone.close()
