"""The debugger itself: runs in the interpreter of the debugged program, and imports nothing but itself."""
