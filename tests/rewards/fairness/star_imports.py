"""Imports everything from modules whose names shadow built-in ones.

kinds: function, beside, stdio
"""

from bisect import *
from collections import *
from functools import *
from heapq import *
from itertools import *
from math import *
from operator import *

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
