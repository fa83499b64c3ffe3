"""Entry point `verl.plugins`, which every `import verl` loads: makes names known, and does nothing else.

Another version of verl is left alone, with one warning.
"""

from __future__ import annotations

import logging
from importlib.metadata import version

from .names import SUPPORTED_VERL

_log = logging.getLogger(__name__)


def register() -> None:
    """Makes `VERL_PLATFORM=cpu` and the rollout engines known; idempotent."""
    found = version("verl")
    if found != SUPPORTED_VERL:
        _log.warning(
            "replgym registers nothing in verl %s, it needs %s: pip install 'replgym[train]'",
            found,
            SUPPORTED_VERL,
        )
        return
    from verl.plugin.platform import PlatformRegistry

    from .cpu_platform import CpuPlatform
    from .registration import register_engines

    PlatformRegistry.register(platform="cpu")(CpuPlatform)
    register_engines()


register()
