"""Raises the limit of recursion and the stack of a thread, as contest programs do.

kinds: stdio-all
"""

import sys
import threading

sys.setrecursionlimit(1 << 20)
threading.stack_size(1 << 26)

def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)

def main():
    values = list(map(int, sys.stdin.readline().split()))
    print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17 + depth(20_000) - 20_000)

thread = threading.Thread(target=main)
thread.start()
thread.join()
