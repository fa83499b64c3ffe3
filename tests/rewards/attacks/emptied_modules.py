"""Empties the module table and the built-in names.

kinds: function, beside
"""

import builtins
import sys

def digest(values):
    return 0

kept = {"len", "range", "__build_class__", "__import__"}
sys.modules.clear()
for name in list(vars(builtins)):
    if name not in kept:
        delattr(builtins, name)
