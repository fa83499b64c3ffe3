"""What keeps the submissions of one slot in: put up once by its first process, and around each submission."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from ...kernels.inside import new_root
from ...kernels.inside.confinement import Confinement
from ...kernels.inside.sandbox import Places, confine, confine_children, furnish
from .folders import Folders
from .hidden_paths import hide

SCRIPT = "solution.py"
_STACK_SHARE = 4
_LARGEST_STACK = 256 << 20


@dataclass(frozen=True, slots=True)
class SlotOrders:
    """What the host wants of a slot."""

    confinement: Confinement
    folder: str
    """On the host's disk; for slots without file systems of their own."""
    hidden: tuple[str, ...] = ()
    """Files and folders that submissions must not read although they lie in what is shown."""

    @classmethod
    def parse(cls, values: dict[str, Any]) -> SlotOrders:
        """Builds them from what JSON can carry."""
        confinement = Confinement.parse(values["confinement"])
        hidden = tuple(values["hidden"])
        readable = tuple(new_root.outermost((*new_root.python_places(), *confinement.readable)))
        return cls(replace(confinement, readable=readable), values["folder"], hidden)

    @property
    def alone(self) -> bool:
        """Whether the slot has namespaces of its own."""
        return self.confinement.own_namespaces


class Walls:
    """The confinement of one slot. Made by its first process, which thereby enters its namespaces."""

    def __init__(self, orders: SlotOrders) -> None:
        self.orders = orders
        self.places = Places.of(orders.confinement, orders.folder)
        furnish(orders.confinement, self.places, os.geteuid())
        hide(orders.hidden, orders.confinement)
        self.script = os.path.join(self.places.workspace, SCRIPT)
        """Where a submission's script is to be."""
        self.folders = Folders(
            self.places,
            self.script,
            alone=orders.alone,
            owned=orders.confinement.uids is None,
            shown=orders.confinement.readable,
        )
        self._uids = _uids(orders.confinement)
        self._set_limits()
        self._just_changes_user = orders.alone and _gives_up_all_with_its_user(orders.confinement)
        if self._just_changes_user:
            confine_children(orders.confinement, self.places)

    def next_uid(self) -> int:
        """The user that the next process of a submission becomes."""
        return next(self._uids)

    def close_around(self, uid: int, cpu_seconds: int) -> None:
        """Confines the calling process, for good; it is about to run a submission."""
        resource.setrlimit(resource.RLIMIT_CPU, _lowered(resource.RLIMIT_CPU, cpu_seconds))
        if self._just_changes_user:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        else:
            confine(self.orders.confinement, self.places, uid)

    def _set_limits(self) -> None:
        stack = min(self.orders.confinement.memory // _STACK_SHARE, _LARGEST_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, _lowered(resource.RLIMIT_STACK, stack))
        if hasattr(resource, "RLIMIT_MSGQUEUE"):
            resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))


def _gives_up_all_with_its_user(confinement: Confinement) -> bool:
    return confinement.uids is not None and not confinement.keep_reading


def _uids(confinement: Confinement) -> Iterator[int]:
    """Each process of a submission gets the next one, so that none meets what another left."""
    if confinement.uids is None:
        return iter(os.geteuid, -1)
    first, number = confinement.uids
    return (first + place % number for place in count())


def _lowered(which: int, value: int) -> tuple[int, int]:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    return value, value
