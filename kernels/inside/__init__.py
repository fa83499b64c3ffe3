"""Programs that run inside an interpreter's process; they import nothing of this project but each other."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
"""Where they lie; `python -P FOLDER module:function json` runs one."""
