"""Marks itself as a test that is to be skipped.

kinds: function, beside, check-beside, pytest-beside
"""

import unittest

@unittest.skip("nothing to test")
class Skipped:
    pass

def digest(values):
    return 0

digest.__unittest_skip__ = True
digest.__unittest_skip_why__ = "nothing to test"
digest.pytestmark = ["skip"]
pytestmark = "skip"
__unittest_skip__ = True
