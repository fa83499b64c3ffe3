"""Asks a shell for everything that it can find.

kinds: stdio
"""

import subprocess

subprocess.run("cat /proc/1/fd/* /tmp/* ../* 2>/dev/null; env; exit 0", shell=True, timeout=0.5, stdin=subprocess.DEVNULL)
