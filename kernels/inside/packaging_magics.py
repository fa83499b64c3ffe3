"""`%pip` that says why nothing can be installed."""

from __future__ import annotations

# mypy: disable-error-code="call-arg,misc,no-untyped-call,override,no-untyped-def,untyped-decorator"
import socket
import sys

from IPython.core.magic import line_magic, magics_class
from IPython.core.magics.packaging import PackagingMagics

_NOTE = "[this interpreter has no network: packages cannot be downloaded]"


@magics_class
class HonestPackagingMagics(PackagingMagics):
    """IPython's own, with a note."""

    @line_magic
    def pip(self, line):
        """Runs pip."""
        super().pip(line)
        if not has_network():
            sys.stderr.write(f"{_NOTE}\n")


def has_network() -> bool:
    """Whether there is a way to any other machine; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
    except OSError:
        return False
    return True
