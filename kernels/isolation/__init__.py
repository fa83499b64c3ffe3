"""How far interpreters can be kept from everything else on this machine, and what is promised of it."""
