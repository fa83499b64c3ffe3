"""The submission's names as tests find them: as a module to import, or simply there.

A name that the tests bind themselves, or that is built in, never comes from the submission unless the tests
ask for it by name: a submission must not replace `abs` or `pytest` in its tests.
"""

from __future__ import annotations

import ast
import builtins
import types
from typing import Any

from ..conversation.candidate_session import CandidateSession
from .test_names import TestNames

_OWN = frozenset({"__name__", "__class__", "__dict__", "__all__", "__path__", "__file__", "__doc__"})


class SubmissionModule(types.ModuleType):
    """What `import solution` finds."""

    def __init__(self, name: str, session: CandidateSession, wanted: list[str]) -> None:
        super().__init__(name)
        self.__dict__["__all__"] = session.defined(wanted)
        self.__dict__["__file__"] = f"{name}.py"
        object.__setattr__(self, "__replgym_session__", session)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        session: CandidateSession = self.__dict__["__replgym_session__"]
        return session.module_attribute(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
        else:
            self.__dict__["__replgym_session__"].set_module_attribute(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__["__replgym_session__"].set_module_attribute(name)


def used_names(tree: ast.AST) -> list[str]:
    """Names in a test program that the submission may give a meaning."""
    names = TestNames.read(tree, by_convention=False)
    if names.free & names.called:
        return sorted(names.free)
    # Nothing but built-in functions is called: the task is about one of their names.
    return sorted(names.free | (names.called & set(dir(builtins))))
