"""Makes the system call exit_group itself.

kinds: function, beside, stdio
"""

import ctypes

def digest(values):
    ctypes.CDLL(None).syscall(231, 0)
