"""Displays and results of an ipykernel's cells, within the cell's budget."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
from typing import Any

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQDisplayPublisher

from .late_output import CellOutputs


def _outputs(shell: Any) -> CellOutputs | None:
    found: CellOutputs | None = getattr(getattr(shell, "kernel", None), "outputs", None)
    return found


class CellDisplayPublisher(ZMQDisplayPublisher):
    """Publishes what the budget admits."""

    def publish(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Sends a display; that of an earlier cell's thread is told in a line of text."""
        outputs = _outputs(self.shell)
        if outputs is None:
            super().publish(data, *args, **kwargs)
        elif outputs.is_late():
            outputs.write_line(str(data.get("text/plain", "<a display>")))
        elif admitted := outputs.displays.admit(data):
            super().publish(admitted, *args, **kwargs)

    def clear_output(self, wait: bool = False) -> None:
        """Clears the output of the cell."""
        outputs = _outputs(self.shell)
        if outputs is None or (not outputs.is_late() and outputs.displays.clear()):
            super().clear_output(wait)

    def _flush_streams(self) -> None:
        outputs = _outputs(self.shell)
        if outputs is None:
            super()._flush_streams()
        else:
            outputs.flush()


class CellDisplayHook(ZMQShellDisplayHook):
    """Sends of a result what the budget admits."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Takes the forms of the result."""
        outputs = _outputs(self.shell)
        if outputs is not None:
            format_dict = outputs.displays.admit(format_dict, is_result=True)
        super().write_format_data(format_dict, md_dict)

    def finish_displayhook(self) -> None:
        """Sends the result, also when `sys.stdout` is not what it was."""
        outputs = _outputs(self.shell)
        if outputs is None:
            super().finish_displayhook()
            return
        outputs.flush()
        if self.msg and self.msg["content"]["data"] and self.session:
            self.session.send(self.pub_socket, self.msg, ident=self.topic)
        self.msg = None
