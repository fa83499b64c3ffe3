"""Declares the test that is running an expected failure.

kinds: function, beside
"""

def digest(values):
    import pytest

    pytest.xfail("known bug")
