"""Defines the hooks that a test module may define.

kinds: function, beside, check-beside, pytest-beside
"""

import unittest

def digest(values):
    return 0

def setUpModule():
    raise unittest.SkipTest("nothing to test")

setup_module = setup_function = setUpModule

def pytest_collection_modifyitems(items):
    items.clear()
