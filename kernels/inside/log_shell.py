"""The IPython shell of the `fork` engine: everything that it shows goes to an output log."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import IPython
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from traitlets import Type
from traitlets.config import Config

from .cell_traceback import encodable
from .plain_shell import CellCompiler, PlainShell

if TYPE_CHECKING:
    from .shell_kernel import ShellKernel


def text_bundle(data: Mapping[Any, Any]) -> dict[str, str]:
    """A display's data as text alone: bytes in base64, structures in JSON."""
    bundle = {}
    for mime, content in data.items():
        if isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        elif not isinstance(content, str):
            content = json.dumps(content, default=repr)
        bundle[encodable(str(mime))] = encodable(content)
    return bundle


class LogDisplayHook(DisplayHook):
    """Shows the value of a cell, as far as the budget goes."""

    shell: Any

    def start_displayhook(self) -> None:
        """Starts a result."""
        self._bundle: dict[str, str] = {}

    def write_output_prompt(self) -> None:
        """Shows no prompt."""

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: object = None) -> None:
        """Takes the forms of the result."""
        displays = self.shell.kernel.outputs.displays
        self._bundle = text_bundle(displays.admit(format_dict, is_result=True))

    def finish_displayhook(self) -> None:
        """Shows the result."""
        if self._bundle:
            self.shell.kernel.show("result", self._bundle)


class LogDisplayPublisher(DisplayPublisher):
    """Shows what the budget admits."""

    shell: Any

    def publish(self, data: Mapping[str, Any], *_: Any, **__: Any) -> None:
        """Shows a display; an update is one more, and that of an earlier cell's thread is a line of text."""
        if not isinstance(data, dict):
            raise TypeError(f"data must be a dict, got: {data!r}")
        kernel = self.shell.kernel
        if kernel.outputs.is_late():
            kernel.outputs.write_line(str(data.get("text/plain", "<a display>")))
        elif admitted := kernel.outputs.displays.admit(data):
            kernel.show("display", text_bundle(admitted))

    def clear_output(self, wait: bool = False) -> None:
        """Drops what was shown."""
        kernel = self.shell.kernel
        if not kernel.outputs.is_late() and kernel.outputs.displays.clear():
            kernel.clear_shown(wait=wait)


class LogShell(PlainShell):
    """The shell; give it a kernel before it runs a cell."""

    displayhook_class = Type(LogDisplayHook)
    display_pub_class = Type(LogDisplayPublisher)
    kernel: ShellKernel
    compile: CellCompiler

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.kernel.fail(getattr(etype, "__name__", str(etype)), str(evalue), "\n".join(stb))

    def enable_gui(self, gui: str | None = None) -> None:
        """Accepts `%matplotlib inline`, which needs nothing; there is no window system."""
        if gui is not None:
            raise NotImplementedError(f"there are no windows here for {gui!r}; use %matplotlib inline")

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        yield  # the streams may be None, and what they showed is kept elsewhere


def configuration() -> Config:
    """What every shell is told."""
    config = Config()
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = False
    config.InteractiveShell.colors = "nocolor" if IPython.version_info[0] >= 9 else "NoColor"
    return config
