"""Configures logging.

kinds: function, beside, stdio
"""

import logging

logging.basicConfig(level=logging.DEBUG)
logging.getLogger().debug("begins")

def digest(values):
    logging.info("values %s", values)
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
