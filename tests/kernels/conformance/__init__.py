"""What every back end promises, whatever the code in the cell does; each case runs on every back end.

Where a back end lacks a `Feature`, the case asserts that it says so with `UnsupportedError`.
"""
