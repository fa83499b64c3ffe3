"""Takes all rights from its folders, so that cleaning up fails.

kinds: function, beside, stdio
"""

import os

def digest(values):
    return 0

try:
    os.makedirs("closed/inner")
    open("closed/inner/file", "w").close()
    os.chmod("closed/inner", 0)
    os.chmod("closed", 0)
    os.chmod(".", 0)
except OSError:
    pass
