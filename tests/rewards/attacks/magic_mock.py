"""Is a mock, which answers every question kindly.

kinds: function, beside
"""

from unittest.mock import ANY, MagicMock

digest = MagicMock(return_value=ANY)
