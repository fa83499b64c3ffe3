"""This project's agent loop and verl's own, as they are, in front of an engine that takes notes.

The engine of CPU runs goes on from the cache of an episode's last message when it is told whose message it
is, which this project's loop does. verl's loop cannot, so it is done here for both: neither computes a
context twice.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from train_step_notes import Note
from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop

from replgym.agents.verl_adapter.agent_loop import InterpreterAgentLoop


class NotingClient:
    """verl's client of the engine, for one episode."""

    def __init__(self, client: Any, notes: Path, step: int) -> None:
        self._client, self._notes, self._step = client, notes, step
        self._first = True

    async def generate(
        self, request_id: str, *, prompt_ids: list[int], sampling_params: dict[str, Any], **rest: Any
    ) -> Any:
        """Passes the request on."""
        first, self._first = self._first, False
        begin = time.monotonic()
        made = await self._client.generate(
            request_id=request_id,
            prompt_ids=prompt_ids,
            sampling_params=sampling_params | {"key": request_id},
            **rest,
        )
        end = time.monotonic()
        Note(self._step, begin, end, len(prompt_ids), len(made.token_ids), first).write(self._notes)
        return made


class _Noted:
    server_manager: Any

    def __init__(self, *args: Any, notes: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._notes = Path(notes)

    async def run(self, sampling_params: dict[str, Any], **row: Any) -> Any:
        """Plays one episode."""
        self.server_manager = NotingClient(self.server_manager, self._notes, int(row["global_steps"]))
        return await super().run(sampling_params, **row)  # type: ignore[misc]


class NotedInterpreterLoop(_Noted, InterpreterAgentLoop):
    """This project's."""


class NotedToolLoop(_Noted, ToolAgentLoop):  # type: ignore[misc]
    """verl's own."""
