"""How values are shown: those of the plain built-in types at once, all others by IPython's long way."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from typing import Any

from IPython.core.formatters import DisplayFormatter

_TEXT = "text/plain"
_PLAIN = frozenset({bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple, type(None)})
"""Types whose values have no other form than text, unless somebody registers one."""


class CellFormatter(DisplayFormatter):
    """Asks no dozen of formatters for the forms of a number."""

    def format(
        self, obj: Any, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The forms of a value by MIME type, and what is known of them; see `DisplayFormatter.format`."""
        if include or exclude or type(obj) not in _PLAIN or self._has_other_forms(obj):
            found: tuple[dict[str, Any], dict[str, Any]] = super().format(obj, include, exclude)
            return found
        text = self.formatters[_TEXT](obj)
        return ({} if text is None else {_TEXT: text}), {}

    def _has_other_forms(self, obj: Any) -> bool:
        others = [formatter for mime, formatter in self.formatters.items() if mime != _TEXT]
        for formatter in (*others, self.ipython_display_formatter, self.mimebundle_formatter):
            types, deferred = formatter.type_printers, formatter.deferred_printers
            if id(obj) in formatter.singleton_printers:
                return True
            if types or deferred:
                for kind in type(obj).__mro__:
                    if kind in types or (kind.__module__, kind.__name__) in deferred:
                        return True
        return False
