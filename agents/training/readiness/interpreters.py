"""Whether an interpreter starts as the environment asks for it, tried with one."""

from __future__ import annotations

import asyncio

from ....envs.env_config import EnvConfig
from ....kernels.kernel_error import KernelError
from ...verl_runs.readiness.finding import Finding

_SECONDS = 60.0
_PROBE, _ANSWER = "print(6 * 7)", "42"


def check_interpreters(env: EnvConfig) -> Finding:
    """Starts one and runs a cell, for which image, server and isolation of the back end must be there."""
    name = f"backend {env.backend}"
    if not env.runs_cells:
        return Finding.ok("interpreters", "none: no tool of the run has one")
    try:
        said = asyncio.run(asyncio.wait_for(_probe(env), _SECONDS))
    except TimeoutError:
        fix = "look at replgym doctor, which tries every back end"
        return Finding.error("interpreters", f"{name} starts none in {_SECONDS:.0f} s", "one that runs", fix)
    except (KernelError, ValueError, ImportError) as error:
        told = " ".join(str(error).split())
        fix = "as it says, or take another env.backend: replgym doctor tries them"
        return Finding.error("interpreters", f"{name}: {told}", "one that runs", fix)
    if said.strip() != _ANSWER:
        fix = "look at replgym doctor, which tries every back end"
        return Finding.error("interpreters", f"{name} answers {said[:80]!r}", repr(_ANSWER), fix)
    return Finding.ok("interpreters", f"{name}: starts and answers")


async def _probe(env: EnvConfig) -> str:
    async with env.make_pool(size=1, warm=0) as pool, pool.acquire() as kernel:
        result = await kernel.execute(_PROBE, timeout=_SECONDS / 2)
        return result.text()
