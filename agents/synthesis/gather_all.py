"""Many awaitables at once, of which none is thrown away because another failed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

_Result = TypeVar("_Result")


async def gather_all(work: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Awaits all of them to their ends, since each may be paid for and is kept where it ends.

    Raises:
        BaseException: The first of their errors, in their order.
    """
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
