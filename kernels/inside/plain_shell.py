"""The IPython shell of every engine: plain tracebacks, cells called `<cell n>`, `exit()` ends the cell."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from types import TracebackType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.page import as_hook, display_page
from traitlets import Instance, Type

from .cell_formatter import CellFormatter
from .cell_traceback import PrintableError, format_traceback
from .cell_transformer import CellTransformer
from .packaging_magics import HonestPackagingMagics

_SETUP = "<setup>"


class CellCompiler(CachingCompiler):
    """Names code after its cell, so that no path of the host shows."""

    silent = False

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """The file name under which a cell is compiled."""
        return _SETUP if self.silent else f"<cell {number}>"


class PlainShell(InteractiveShell):
    """A shell that shows plain tracebacks of the cell's own frames."""

    compiler_class = Type(CellCompiler)
    input_transformer_manager = Instance(CellTransformer, ())

    def system(self, cmd: str) -> None:
        """Runs `!command`; without a pseudo terminal, which not every confinement has."""
        self.system_raw(cmd)

    def init_display_formatter(self) -> None:
        """Has plain values shown quickly."""
        self.display_formatter = CellFormatter(parent=self)
        self.configurables.append(self.display_formatter)  # type: ignore[arg-type]

    def should_run_async(self, raw_cell: str, **kwargs: Any) -> bool:
        """Asks IPython about cells that name coroutines alone: its answer costs a compilation."""
        if "await" not in raw_cell and "async" not in raw_cell:
            return False
        return bool(super().should_run_async(raw_cell, **kwargs))

    def init_magics(self) -> None:
        """Adds ours, and has `object?` show its text like any other output."""
        super().init_magics()
        self.register_magics(HonestPackagingMagics)
        self.set_hook("show_in_pager", as_hook(display_page), 0)

    def showtraceback(
        self,
        exc_tuple: tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
        *_: Any,
        **__: Any,
    ) -> None:
        """Reports the current exception."""
        kind, value, trace = self._get_exc_info(exc_tuple)
        self._showtraceback(kind, PrintableError(value), [format_traceback(kind, value, trace)])

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Reports the current syntax error."""
        self.showtraceback()

    def ask_exit(self) -> None:
        """Ends the cell, as it would end a script; the interpreter lives on."""
        raise SystemExit(0)

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> list[str]:
        return []  # a second, much slower traceback, for a history that nobody keeps
