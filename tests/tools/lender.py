"""Interpreters of a pool, lent to a session as an episode lends them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from replgym.envs.interpreter_lease import InterpreterLease
from replgym.kernels import KernelPool


@asynccontextmanager
async def lent_from(pool: KernelPool) -> AsyncIterator[InterpreterLease]:
    """A lender that has put everything back at the end."""
    lease = InterpreterLease(pool, deadline=math.inf, patience=60)
    try:
        yield lease
    finally:
        await lease.end()
