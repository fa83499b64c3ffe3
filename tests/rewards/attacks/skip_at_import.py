"""Raises unittest.SkipTest while it is loaded.

kinds: function, beside, stdio
"""

import unittest

def digest(values):
    return 0

raise unittest.SkipTest("nothing to test")
