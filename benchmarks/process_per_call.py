"""The tool that verl's users have: a Python process for every call, as ReTool's recipe starts one."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from verl.tools.base_tool import BaseTool
from verl.tools.schemas import OpenAIFunctionToolSchema, ToolResponse

_CALL_SECONDS, _CALLS = 30.0, 128
"""The longest call, and the most at once, as ReTool's configuration has them."""
_HIDDEN = (
    "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    exec({!r}, globals())\n"
)


class ProcessPerCall(BaseTool):  # type: ignore[misc]
    """Runs each cell as a program of its own; nothing stays from call to call."""

    def __init__(self, config: dict[str, Any], tool_schema: OpenAIFunctionToolSchema) -> None:
        super().__init__(config, tool_schema)
        self._calls = asyncio.Semaphore(_CALLS)

    async def execute(
        self, instance_id: str, parameters: dict[str, Any], **about: Any
    ) -> tuple[ToolResponse, float, dict[str, Any]]:
        """Runs one cell."""
        async with self._calls:
            output = await _run(self.program(parameters["code"], **about))
        return ToolResponse(text=output.rstrip("\n")), 0.0, {}

    def program(self, code: str, **_: Any) -> str:
        """The cell alone."""
        return code


async def _run(program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(_CALL_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return output.decode(errors="replace")


class ReplayPerCall(ProcessPerCall):
    """Runs all earlier cells again, out of sight, before each cell: the state of an episode is kept."""

    def program(self, code: str, **about: Any) -> str:
        """The cell after those of the episode so far."""
        fields = about["agent_data"].extra_fields
        earlier = "\n".join(fields.setdefault("cells", []))
        fields["cells"].append(code)
        return (_HIDDEN.format(earlier) if earlier else "") + code
