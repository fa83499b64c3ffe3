"""A stateful interpreter as a tool of verl's own `tool_agent`, for those who keep verl's agent loop.

verl makes and releases a tool around every single call, so the session belongs to the trajectory, whose id
verl hands to each call. What breaks on our side verl tells the model as the output of its call, and trains on
it: that cannot be helped from a tool. The agent loop of this project leaves such an episode out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from verl.tools.base_tool import BaseTool
from verl.tools.schemas import OpenAIFunctionToolSchema, ToolResponse

from ...kernels.backend_options import BackendOptions
from ...kernels.backends import BACKENDS, make_backend, pool_of
from ...kernels.open_files import allow_open_files
from ...tools.python_interpreter import PythonInterpreter
from ...tools.tool import openai_schema
from ...tools.tool_call import ToolCall
from ...tools.toolbox import Toolbox
from .setting_error import setting_error
from .trajectory_sessions import TrajectorySessions

_WARM = 4
_LOST = "(The interpreter was given up after a long pause; its variables are gone.)\n"


class InterpreterToolConfig(BaseModel):
    """The `config` of the tool in verl's tool file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["native"] = "native"
    """verl's own."""
    backend: Literal[tuple(sorted(BACKENDS))] = "jupyter"  # type: ignore[valid-type]
    """Where cells run."""
    backend_options: BackendOptions = BackendOptions()
    """How they run."""
    cell_timeout: float = Field(default=10.0, gt=0)
    """Seconds for one cell."""
    observation_limit: int = Field(default=4000, ge=16)
    """The most characters of an output; verl cuts at `multi_turn.max_tool_response_length`, too."""
    max_sessions: int = Field(default=64, ge=1)
    """Interpreters alive at once in each worker process; beyond it the one idle for longest is given up."""
    idle_seconds: float = Field(default=300.0, gt=0)
    """How long an interpreter is kept without a call."""
    wait_seconds: float = Field(default=60.0, gt=0)
    """How long a call waits for an interpreter when all of them run cells."""


class InterpreterTool(BaseTool):  # type: ignore[misc]
    """Runs cells; variables stay from call to call of one trajectory."""

    def __init__(self, config: dict[str, Any], tool_schema: OpenAIFunctionToolSchema | None) -> None:
        """Starts nothing yet.

        Args:
            config: As `InterpreterToolConfig`.
            tool_schema: None for our own, which is right.

        Raises:
            ValueError: One line that names the setting, its value and what is allowed.
        """
        super().__init__(config, tool_schema)
        try:
            settings = InterpreterToolConfig.model_validate(config)
        except ValidationError as error:
            raise setting_error("tools.config", InterpreterToolConfig, error) from None
        allow_open_files(settings.max_sessions)
        self._toolbox = Toolbox((PythonInterpreter.name,), observation_limit=settings.observation_limit)
        self._pool = pool_of(
            make_backend(settings.backend, settings.backend_options),
            size=settings.max_sessions,
            warm=min(_WARM, settings.max_sessions),
        )
        self.sessions = TrajectorySessions(
            self._pool,
            most=settings.max_sessions,
            idle_seconds=settings.idle_seconds,
            wait_seconds=settings.wait_seconds,
            cell_timeout=settings.cell_timeout,
        )
        """Those of all trajectories of this process."""

    def get_openai_tool_schema(self) -> OpenAIFunctionToolSchema:
        """The tool as a model is told of it."""
        return OpenAIFunctionToolSchema.model_validate(openai_schema(PythonInterpreter()))

    async def execute(
        self, instance_id: str, parameters: dict[str, Any], *, agent_data: Any, **_: Any
    ) -> tuple[ToolResponse, float | None, dict[str, Any]]:
        """Runs one cell.

        Args:
            instance_id: verl's, new for every call and not used.
            parameters: The arguments that the model wrote.
            agent_data: verl's record of the trajectory; with it the session ends.

        Returns:
            What the cell printed, or what is wrong with the arguments; no reward; no metrics.

        Raises:
            KernelError: If no interpreter is to be had in time.
        """
        arguments = parameters if isinstance(parameters, Mapping) else {}
        async with self.sessions.of(agent_data.request_id, agent_data) as (session, lost):
            observation = await self._toolbox.carry_out(ToolCall(self.name, arguments), session)
        return ToolResponse(text=(_LOST if lost else "") + observation.text), None, {}

    async def close(self) -> None:
        """Ends all interpreters; a worker of verl's needs no call, since they end with its process."""
        await self.sessions.close()
        await self._pool.close()
