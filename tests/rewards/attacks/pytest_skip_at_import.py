"""Asks pytest to skip the whole module.

kinds: function, beside, check-beside, pytest-beside
"""

def digest(values):
    return 0

import pytest

pytest.skip("n/a", allow_module_level=True)
