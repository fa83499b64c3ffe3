"""Makes every random number and nonce the same.

kinds: function, beside
"""

import os
import random
import secrets
import uuid

def digest(values):
    return 0

os.urandom = lambda size: bytes(size)
secrets.token_hex = secrets.token_bytes = lambda size=8: "0" * 2 * size
secrets.randbelow = lambda top: 0
random.random = lambda: 0.0
uuid.uuid4 = lambda: 0
