"""Closes its standard streams.

kinds: stdio
"""

import os

os.closerange(0, 3)
