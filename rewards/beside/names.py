"""Names that rewritten test code and the processes that run it agree on."""

from __future__ import annotations

PROVE, REACH, CASE = "__replgym_prove__", "__replgym_reach__", "__replgym_case__"

TEST_MODULE = "tests_of_the_task"
"""The name under which test programs run."""
