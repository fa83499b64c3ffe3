"""Uses its file name, its arguments and its environment.

kinds: function, beside, stdio
"""

import os
import sys

assert isinstance(__file__, str)
assert isinstance(sys.argv[0], str)
assert os.environ.get("NOTHING", "") == ""
assert os.getcwd()
assert os.path.expanduser("~")

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
