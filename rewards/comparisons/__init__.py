"""How answers are compared with what is expected."""
