"""Defines solve, main and input parsing that nobody calls.

kinds: function, beside
"""

import sys

def solve():
    print(digest(list(map(int, sys.stdin.readline().split()))))

def main():
    solve()

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
