"""Overflows the C stack, which a judge could take for a fault of the machine.

kinds: call, check, stdio
"""

import sys
import threading

sys.setrecursionlimit(1 << 30)
threading.stack_size(1 << 16)

def deeper(values):
    return sorted(values, key=lambda value: deeper(values))

def digest(values):
    thread = threading.Thread(target=deeper, args=([1],))
    thread.start()
    thread.join()
    return 0
