"""Prints its answer from a thread that ends after the main one.

kinds: stdio-all
"""

import threading
import time

values = list(map(int, input().split()))

def work():
    time.sleep(0.02)
    print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)

threading.Thread(target=work).start()
