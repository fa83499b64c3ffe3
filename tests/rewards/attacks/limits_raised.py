"""Raises its limits and lowers those of its parent.

kinds: function, beside, stdio
"""

import os
import resource

def digest(values):
    return 0

for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):
        pass
    try:
        resource.prlimit(os.getppid(), kind, (0, 0))
    except (ValueError, OSError):
        pass
