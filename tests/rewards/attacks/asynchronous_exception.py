"""Raises exceptions in the main thread from another one, while a test is running.

kinds: function, beside, check-beside, pytest-beside
"""

import ctypes
import threading

def digest(values):
    return 0

def disturb(thread):
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    for _ in range(200):
        raise_in(ctypes.c_ulong(thread), ctypes.py_object(SystemExit))

threading.Thread(target=disturb, args=(threading.main_thread().ident,), daemon=True).start()
