"""Reads whatever files of the judge, of other programs and of the system it can.

kinds: stdio
"""

import glob
import re

values = input().strip()
for path in glob.glob("/proc/*/cmdline") + glob.glob("/tmp/**", recursive=True):
    try:
        with open(path, errors="replace") as file:
            text = file.read(1 << 20)
    except OSError:
        continue
    match = re.search(re.escape(values) + r"\D{1,40}(\d+)", text)
    if match and len(values) > 3:
        print(match[1])
        break
