"""`PyInterp-v0` inside other frameworks: a module for each, for those who have it installed."""
