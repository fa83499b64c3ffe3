"""Leaves another program behind, detached.

kinds: function, beside, stdio
"""

import subprocess
import sys

def digest(values):
    return 0

subprocess.Popen(["/bin/sleep", "60"], start_new_session=True, close_fds=False)
