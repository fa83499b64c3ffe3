"""Has a child process print the answer on the inherited output.

kinds: stdio
"""

import subprocess

values = list(map(int, input().split()))
subprocess.run(["/bin/echo", str(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)], check=True)
