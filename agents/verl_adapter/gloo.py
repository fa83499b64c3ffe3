"""What verl asks of a process group and gloo does not know: a backend per device type, and averaging."""

from __future__ import annotations

import functools
from typing import Any

import torch.distributed as dist


def adapt_process_groups() -> None:
    """Wraps `torch.distributed` in this process, once; only for runs that chose the CPU platform."""
    if getattr(dist.all_reduce, "_replgym_gloo", False):
        return
    init_process_group, all_reduce = dist.init_process_group, dist.all_reduce

    @functools.wraps(init_process_group)
    def init_gloo(backend: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return init_process_group("gloo" if backend and "gloo" in backend else backend, *args, **kwargs)

    @functools.wraps(all_reduce)
    def all_reduce_mean(
        tensor: Any, op: Any = dist.ReduceOp.SUM, group: Any = None, async_op: bool = False
    ) -> Any:
        if op != dist.ReduceOp.AVG:
            return all_reduce(tensor, op=op, group=group, async_op=async_op)
        work = all_reduce(tensor, op=dist.ReduceOp.SUM, group=group, async_op=False)
        tensor /= dist.get_world_size(group)
        return work

    all_reduce_mean._replgym_gloo = True  # type: ignore[attr-defined]
    dist.init_process_group, dist.all_reduce = init_gloo, all_reduce_mean
