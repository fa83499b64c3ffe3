"""Redirects standard output for a while.

kinds: function, beside, stdio
"""

import contextlib
import io

def digest(values):
    with contextlib.redirect_stdout(io.StringIO()):
        print("hidden")
        return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
