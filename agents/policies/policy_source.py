"""A policy that is not made yet: plain data that travels to other machines and opens there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ...tools.formats.action_parser import ActionParser
from .policy import Policy
from .policy_per_task import PolicyPerTask


class PolicySource(Protocol):
    """Makes one policy a process; `PolicyChoice` is one."""

    def open(self, parser: ActionParser) -> AbstractAsyncContextManager[Policy | PolicyPerTask]:
        """Makes the policy, and closes it at the end of the block.

        Args:
            parser: How the environment reads messages.
        """
        ...

    @property
    def served(self) -> bool:
        """Whether it asks an endpoint, so that its failures are those of the endpoint."""
        ...

    def identity(self) -> Mapping[str, str]:
        """What tells it apart from every other policy, wherever it is served."""
        ...
