"""Maps standard input into memory.

kinds: stdio
"""

import mmap

values = list(map(int, mmap.mmap(0, 0, access=mmap.ACCESS_READ).read().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
