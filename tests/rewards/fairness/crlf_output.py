"""Ends its lines as Windows does.

kinds: stdio-all
"""

import sys

values = list(map(int, input().split()))
sys.stdout.write(f"{sum(n ^ place for place, n in enumerate(values)) % 9973 + 17}\r\n")
