"""One way of confining kernels that was tried on this machine, and what it is worth.

A protection is claimed only if a layer that was seen at work gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel, Protection
from ..inside.confinement import Confinement
from .own_uids import free_uids

_SIGNAL_SCOPE_SINCE = 6


@dataclass(frozen=True, slots=True)
class Rung:
    """A confinement that works here."""

    level: IsolationLevel
    confinement: Confinement
    """With the limits of nobody in particular; see `orders`."""
    landlock: int = 0
    """The version of Landlock that is used, 0 for none."""
    root: bool = False
    """Whether the server runs as root."""
    control_groups: frozenset[str] = frozenset()
    """What control groups limit: `memory`, `pids`."""
    notes: tuple[str, ...] = ()
    """Why it is not a stronger one, and what is to be known of it."""

    def orders(self, options: BackendOptions) -> Confinement:
        """What one server is told: the limits and the readable paths of the options, and uids of its own."""
        limits = options.limits
        return replace(
            self.confinement,
            memory=limits.memory,
            processes=limits.processes,
            file_size=limits.file_size,
            open_files=limits.open_files,
            workspace=limits.workspace,
            readable=options.readable,
            uids=None if self.confinement.uids is None else free_uids(),
        )

    def capabilities(self, backend: str, features: frozenset[Feature]) -> Capabilities:
        """What a back end whose kernels are confined this way promises."""
        return Capabilities(backend, self.level, self.protections, features, self._all_notes())

    @property
    def protections(self) -> frozenset[Protection]:
        """What code in a kernel cannot do."""
        if self.level is IsolationLevel.LIMITS:
            # Root may lift any limit.
            return frozenset() if self.root else frozenset({Protection.MEMORY})
        claimed = {Protection.PRIVILEGES, Protection.MEMORY}
        if self.confinement.seccomp:
            claimed.add(Protection.SYSCALLS)
        if self._counts_processes:
            claimed.add(Protection.PROCESS_COUNT)
        if self.level is IsolationLevel.NAMESPACES:
            return frozenset(claimed | _OF_NAMESPACES)
        return frozenset(claimed | self._of_restricted())

    @property
    def _counts_processes(self) -> bool:
        own_user = self.confinement.uids is not None
        own_count = self.confinement.own_namespaces and self.confinement.user_namespace
        return own_user or own_count or "pids" in self.control_groups

    def _of_restricted(self) -> set[Protection]:
        claimed: set[Protection] = set()
        if self.confinement.seccomp:
            claimed.add(Protection.NETWORK)
        if self.landlock:
            claimed |= {Protection.READING, Protection.WRITING}
        if self.landlock and self.confinement.seccomp:
            claimed.add(Protection.PROCESSES)
        if self.confinement.uids is not None or self.landlock >= _SIGNAL_SCOPE_SINCE:
            claimed.add(Protection.SIGNALS)
        return claimed

    def _all_notes(self) -> tuple[str, ...]:
        notes = list(self.notes)
        if Protection.MEMORY in self.protections and "memory" not in self.control_groups:
            notes.append("The memory limit holds for each process alone, not for all of a kernel's together.")
        if self.level is IsolationLevel.RESTRICTED:
            notes.append(
                "Without namespaces there is no /dev/shm (so no multiprocessing locks), no loopback network, "
                "and the workspace lies on the machine's disk without a limit on its total size."
            )
            if not self.root:
                notes.append(
                    "Code may change the modes and times of files that its user owns, not their content."
                )
        return tuple(notes)


_OF_NAMESPACES = frozenset(
    {
        Protection.NETWORK,
        Protection.READING,
        Protection.WRITING,
        Protection.PROCESSES,
        Protection.SIGNALS,
        Protection.DISK,
    }
)
