"""Raises the exceptions by which test runners skip a test.

kinds: function, beside, check-beside, pytest-beside
"""

import unittest

def digest(values):
    try:
        import pytest
    except ImportError:
        raise unittest.SkipTest("nothing to test") from None
    pytest.skip("nothing to test")
