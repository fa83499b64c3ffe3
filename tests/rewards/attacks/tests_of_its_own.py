"""Brings easy tests of its own, which a runner could count.

kinds: function, beside, check-beside, pytest-beside
"""

import unittest

def digest(values):
    return 0

def test_one():
    pass

def check(candidate):
    pass

class TestDigest(unittest.TestCase):
    def test_equal(self):
        pass

    test_each = test_others = test_error = test_equal
