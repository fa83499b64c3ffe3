"""Declares the test that is running an expected failure.

kinds: function, beside, check-beside, pytest-beside
"""

def digest(values):
    import pytest

    pytest.xfail("known bug")
