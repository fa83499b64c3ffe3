"""Uses much of the standard library.

kinds: function, beside, stdio
"""

import array
import base64
import csv
import datetime
import decimal
import hashlib
import io
import json
import pickle
import random
import re
import sqlite3
import string
import uuid
import zlib

random.seed(1)

class Point:
    pass

def digest(values):
    assert isinstance(pickle.loads(pickle.dumps([1])), list)
    table = sqlite3.connect(":memory:")
    assert hashlib.sha256(b"x").hexdigest()[0] == "2"
    assert re.match(r"\d+", "12")
    array.array("i", [1])
    return int(decimal.Decimal(sum(n ^ place for place, n in enumerate(values)) % 9973)) + 17
